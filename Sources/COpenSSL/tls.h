#pragma once
/* What OpenSSL has only as macros, as functions that Swift can call. No logic here. */
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline int mta_ssl_ctx_set_min_proto_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}

static inline void mta_ssl_ctx_set_modes(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
}

static inline void mta_ssl_ctx_set_options(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

static inline void mta_ssl_ctx_disable_session_cache(SSL_CTX *context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline int mta_ssl_ctx_set_dh_auto(SSL_CTX *context) { return (int)SSL_CTX_set_dh_auto(context, 1); }

/* Takes over the certificate's reference when it returns 1. */
static inline int mta_ssl_ctx_add0_chain_cert(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add0_chain_cert(context, certificate);
}

static inline int mta_ssl_has_extended_master_secret(SSL *ssl) { return SSL_get_extms_support(ssl) == 1; }

static inline int mta_ssl_set_server_name(SSL *ssl, const char *name) { return (int)SSL_set_tlsext_host_name(ssl, name); }

static inline void mta_ssl_ctx_set_server_name_callback(
    SSL_CTX *context, int (*callback)(SSL *, int *, void *), void *argument) {
  SSL_CTX_set_tlsext_servername_callback(context, callback);
  SSL_CTX_set_tlsext_servername_arg(context, argument);
}

static inline void mta_ssl_set_msg_callback_arg(SSL *ssl, void *argument) { SSL_set_msg_callback_arg(ssl, argument); }

static inline void mta_bio_reset(BIO *bio) { (void)BIO_reset(bio); }

static inline void mta_bio_set_mem_eof_return(BIO *bio, int value) { BIO_set_mem_eof_return(bio, value); }

static inline int mta_x509_name_print(BIO *out, const X509_NAME *name) {
  return X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253);
}
