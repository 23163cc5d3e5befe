#ifndef RAW_OPENSSL_H
#define RAW_OPENSSL_H

#include <stddef.h>

/* OpenSSL with nothing around it: what there is to reach. No OpenSSL header is shown, so that this module and COpenSSL never meet. */

typedef struct raw_signer raw_signer;

/* Reads a PEM private key, RSA, and makes a context that is used again and again. NULL when it cannot be read. */
raw_signer *raw_signer_make(const unsigned char *pem, size_t length);
/* RSASSA-PKCS1-v1_5 over a SHA-256 digest; 1 when it went well. `signature` has room for 1024 octets. */
int raw_signer_sign(raw_signer *signer, const unsigned char *digest, unsigned char *signature, size_t *length);
void raw_signer_free(raw_signer *signer);

/* SHA-256; 1 when it went well. */
int raw_sha256(const void *bytes, size_t length, unsigned char *digest);

#endif
