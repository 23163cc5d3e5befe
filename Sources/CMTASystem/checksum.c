#include "CMTASystem.h"

#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

// CRC-32C (Castagnoli), reflected: the polynomial of iSCSI, ext4 and SSE 4.2.
#define POLYNOMIAL 0x82f63b78u

// Three runs of so many bytes are computed beside each other: the instruction has a latency of three cycles.
#define RUN 1024

// bytes[n]: a byte that n zero bytes follow. With them eight bytes are one step.
static uint32_t bytes[8][256];
// shift[n]: what RUN zero bytes make of the n-th byte of a register.
static uint32_t shift[4][256];
static int has_instruction;

static uint32_t zero_byte(uint32_t crc) { return crc >> 8 ^ bytes[0][crc & 0xff]; }

__attribute__((constructor)) static void make_tables(void) {
  for (uint32_t n = 0; n < 256; n++) {
    uint32_t crc = n;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
    bytes[0][n] = crc;
  }
  for (int row = 1; row < 8; row++)
    for (int n = 0; n < 256; n++) bytes[row][n] = zero_byte(bytes[row - 1][n]);
  // The shift is linear: that of a register is the sum of those of its bits.
  uint32_t bit[32];
  for (int n = 0; n < 32; n++) {
    bit[n] = (uint32_t)1 << n;
    for (int zero = 0; zero < RUN; zero++) bit[n] = zero_byte(bit[n]);
  }
  for (int row = 0; row < 4; row++)
    for (int n = 0; n < 256; n++) {
      uint32_t sum = 0;
      for (int place = 0; place < 8; place++)
        if (n >> place & 1) sum ^= bit[row * 8 + place];
      shift[row][n] = sum;
    }
#if defined(__x86_64__)
  __builtin_cpu_init();
  has_instruction = __builtin_cpu_supports("sse4.2") != 0;
#elif defined(__aarch64__) && defined(__linux__)
  has_instruction = (getauxval(AT_HWCAP) & 1 << 7) != 0;
#elif defined(__aarch64__) && defined(__APPLE__)
  has_instruction = 1;
#endif
}

static uint64_t word(const uint8_t *from) {
  uint64_t value;
  memcpy(&value, from, sizeof value);
  return value;
}

static uint32_t by_tables(uint32_t crc, const uint8_t *from, size_t count) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (; count >= 8; count -= 8, from += 8) {
    uint64_t mixed = word(from) ^ crc;
    crc = bytes[7][mixed & 0xff] ^ bytes[6][mixed >> 8 & 0xff] ^ bytes[5][mixed >> 16 & 0xff] ^
          bytes[4][mixed >> 24 & 0xff] ^ bytes[3][mixed >> 32 & 0xff] ^ bytes[2][mixed >> 40 & 0xff] ^
          bytes[1][mixed >> 48 & 0xff] ^ bytes[0][mixed >> 56];
  }
#endif
  for (; count > 0; count--, from++) crc = crc >> 8 ^ bytes[0][(crc ^ *from) & 0xff];
  return crc;
}

#if defined(__x86_64__)
#define WITH_INSTRUCTION __attribute__((target("sse4.2")))
#define STEP8(crc, value) __builtin_ia32_crc32di(crc, value)
#elif defined(__aarch64__)
#define WITH_INSTRUCTION __attribute__((target("crc")))
#define STEP8(crc, value) __builtin_arm_crc32cd((uint32_t)(crc), value)
#endif

#if defined(WITH_INSTRUCTION)
static uint32_t shifted(uint32_t crc) {
  return shift[0][crc & 0xff] ^ shift[1][crc >> 8 & 0xff] ^ shift[2][crc >> 16 & 0xff] ^ shift[3][crc >> 24];
}

WITH_INSTRUCTION static uint32_t by_instruction(uint32_t crc, const uint8_t *from, size_t count) {
  for (; count >= 3 * RUN; count -= 3 * RUN, from += 3 * RUN) {
    uint64_t first = crc, second = 0, third = 0;
    for (size_t place = 0; place < RUN; place += 8) {
      first = STEP8(first, word(from + place));
      second = STEP8(second, word(from + RUN + place));
      third = STEP8(third, word(from + 2 * RUN + place));
    }
    crc = shifted(shifted((uint32_t)first) ^ (uint32_t)second) ^ (uint32_t)third;
  }
  uint64_t rest = crc;
  for (; count >= 8; count -= 8, from += 8) rest = STEP8(rest, word(from));
  return by_tables((uint32_t)rest, from, count);
}
#endif

uint32_t csystem_checksum(uint32_t before, const void *from, size_t count, int plainly) {
#if defined(WITH_INSTRUCTION)
  if (has_instruction && !plainly) return ~by_instruction(~before, from, count);
#endif
  return ~by_tables(~before, from, count);
}
