#include "raw_openssl.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

struct raw_signer {
  EVP_PKEY *key;
  EVP_PKEY_CTX *context;
};

raw_signer *raw_signer_make(const unsigned char *pem, size_t length) {
  raw_signer *signer = calloc(1, sizeof *signer);
  BIO *bio = BIO_new_mem_buf(pem, (int)length);
  if (signer == NULL || bio == NULL) return NULL;
  signer->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
  BIO_free(bio);
  signer->context = signer->key != NULL ? EVP_PKEY_CTX_new(signer->key, NULL) : NULL;
  if (signer->context == NULL || EVP_PKEY_sign_init(signer->context) != 1
      || EVP_PKEY_CTX_set_rsa_padding(signer->context, RSA_PKCS1_PADDING) != 1
      || EVP_PKEY_CTX_set_signature_md(signer->context, EVP_sha256()) != 1) {
    raw_signer_free(signer);
    return NULL;
  }
  return signer;
}

int raw_signer_sign(raw_signer *signer, const unsigned char *digest, unsigned char *signature, size_t *length) {
  *length = 1024;
  return EVP_PKEY_sign(signer->context, signature, length, digest, 32);
}

void raw_signer_free(raw_signer *signer) {
  if (signer == NULL) return;
  EVP_PKEY_CTX_free(signer->context);
  EVP_PKEY_free(signer->key);
  free(signer);
}

int raw_sha256(const void *bytes, size_t length, unsigned char *digest) {
  return EVP_Q_digest(NULL, "SHA256", NULL, bytes, length, digest, NULL);
}
