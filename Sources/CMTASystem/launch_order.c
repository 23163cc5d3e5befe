#if defined(__linux__)
#include "CMTASystem.h"
#include "launch.h"

#include <string.h>

// The form is told in Swift's LaunchOrder, which writes it. Each kind of line has its place; what is anywhere else is no order.

/// A piece of the order's bytes.
struct text {
  const char *start;
  size_t length;
};

/// Takes the next line, without its end. 0 where there is none.
static int take_line(struct text *rest, struct text *line) {
  const char *end = memchr(rest->start, '\n', rest->length);
  if (!end) return 0;
  line->start = rest->start;
  line->length = (size_t)(end - rest->start);
  rest->start = end + 1;
  rest->length -= line->length + 1;
  return 1;
}

/// Takes `word` and a blank from the start of the line.
static int take_word(struct text *line, const char *word) {
  size_t length = strlen(word);
  if (line->length <= length || memcmp(line->start, word, length) != 0 || line->start[length] != ' ') return 0;
  line->start += length + 1;
  line->length -= length + 1;
  return 1;
}

/// Takes decimal digits, without leading zeros, from the start of the line.
static int take_number(struct text *line, uint64_t maximum, uint64_t *number) {
  uint64_t value = 0;
  size_t at = 0;
  while (at < line->length && line->start[at] >= '0' && line->start[at] <= '9') {
    if (at > 0 && value == 0) return 0;
    uint64_t digit = (uint64_t)(line->start[at] - '0');
    if (value > (maximum - digit) / 10) return 0;
    value = value * 10 + digit;
    at += 1;
  }
  if (at == 0 || value > maximum) return 0;
  line->start += at;
  line->length -= at;
  *number = value;
  return 1;
}

static int is_number(struct text line, uint64_t maximum, uint64_t *number) {
  return take_number(&line, maximum, number) && line.length == 0;
}

/// A number, a blank and a name.
static int is_numbered_name(struct text line, uint64_t maximum, uint64_t *number) {
  return take_number(&line, maximum, number) && line.length > 1 && line.start[0] == ' ';
}

static int is_plain(struct text line) {
  for (size_t at = 0; at < line.length; at++) {
    unsigned char byte = (unsigned char)line.start[at];
    if (byte < 32 || byte == 127) return 0;
  }
  return 1;
}

static const char *take_path(struct text line, enum launch_access access, struct launch_head *head) {
  if (line.length == 0 || line.start[0] != '/') return "a path does not begin with /";
  if (line.length > launch_path_bytes) return "a path is too long";
  if (head->path_count == launch_paths) return "there are too many paths";
  head->paths[head->path_count++] = (struct launch_path){access, line.start, line.length};
  return NULL;
}

static const char *take_descriptor(struct text line, struct launch_head *head) {
  uint64_t number;
  if (!is_numbered_name(line, 1 << 20, &number) || number < 3) return "a descriptor has no number and name";
  if (head->descriptor_count == launch_descriptors) return "there are too many descriptors";
  for (size_t at = 0; at < head->descriptor_count; at++)
    if (head->descriptors[at] == (int)number) return "a descriptor is named twice";
  head->descriptors[head->descriptor_count++] = (int)number;
  if (line.length >= 8 && memcmp(line.start + line.length - 8, " signals", 8) == 0) head->signals = (int)number;
  return NULL;
}

static const char *take_owner(struct text *rest, struct text *line, struct launch_head *head) {
  uint64_t user, group;
  // The largest number means "as it is" to the kernel.
  if (!is_number(*line, UINT32_MAX - 1, &user)) return "the user is no number";
  if (!take_line(rest, line) || !take_word(line, "group") || !is_number(*line, UINT32_MAX - 1, &group))
    return "a user has no group";
  if (user == 0 || group == 0) return "the user or group is root's";
  if (head->is_master) return "a master keeps its user";
  head->has_owner = 1;
  head->user = (uid_t)user;
  head->group = (gid_t)group;
  return take_line(rest, line) ? NULL : "it ends early";
}

const char *launch_parse(const uint8_t *bytes, size_t count, struct launch_head *head) {
  struct text rest = {(const char *)bytes, count}, line;
  uint64_t number, blob_bytes = 0;
  size_t blob_count = 0;
  const char *fault;
  memset(head, 0, sizeof *head);
  head->signals = -1;
  if (count == 0 || count > launch_bytes) return "its length is not that of an order";
  if (!take_line(&rest, &line) || !take_word(&line, "swift-mta-launch") || !is_number(line, UINT32_MAX, &number))
    return "it is not of swift-mta";
  if (number != 1) return "it is of another version of the program";
  if (!take_line(&rest, &line) || !take_word(&line, "role") || !is_plain(line)) return "it names no role";
  head->is_master = line.length == 6 && memcmp(line.start, "master", 6) == 0;
  if (!take_line(&rest, &line) || !take_word(&line, "generation") || !is_number(line, INT64_MAX, &number))
    return "it has no generation";
  if (!take_line(&rest, &line)) return "it ends early";
  if (take_word(&line, "user") && (fault = take_owner(&rest, &line, head))) return fault;
  if (!take_word(&line, "limit") || !is_number(line, 1 << 20, &number) || number < 16) return "it has no limit of descriptors";
  head->maximum_descriptors = (uint32_t)number;

  int place = 0;
  static const char *const kinds[] = {"read", "write", "execute", "descriptor", "blob"};
  while (1) {
    if (!take_line(&rest, &line)) return "it ends early";
    if (!is_plain(line)) return "a line has control characters";
    if (line.length == 3 && memcmp(line.start, "end", 3) == 0) break;
    while (place < 5 && !take_word(&line, kinds[place])) place++;
    switch (place) {
      case 0: fault = take_path(line, launch_read, head); break;
      case 1: fault = take_path(line, launch_write, head); break;
      case 2: fault = take_path(line, launch_execute, head); break;
      case 3: fault = take_descriptor(line, head); break;
      case 4:
        fault = is_numbered_name(line, launch_bytes, &number) ? NULL : "a blob has no length and name";
        if (++blob_count > launch_blobs) fault = "there are too many blobs";
        // At most 256 numbers of at most 16 Mi: no overflow.
        if (!fault) blob_bytes += number;
        break;
      default: return "a line is unknown, or not in its place";
    }
    if (fault) return fault;
  }
  return blob_bytes == rest.length ? NULL : "its blobs are shorter or longer than it says";
}

const char *csystem_launch_fault(const uint8_t *bytes, size_t count) {
  struct launch_head head;
  return launch_parse(bytes, count, &head);
}
#endif
