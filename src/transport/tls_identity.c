/* tls_identity.c - see tls_identity.h. */
#include "transport/tls_identity.h"

#include "transport/tls_report.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct interim__tls_identity {
    X509 *certificate;
    STACK_OF(X509) * chain; /* what follows it in the file, up to the CA */
    EVP_PKEY *key;
};

/* What OpenSSL asks for the password of a key. */
typedef struct question {
    const char *password; /* NULL: nobody has one */
    bool asked;
} question;

/* Always given: OpenSSL's own would ask at the terminal. */
static int answer(char *out, int size, int writing, void *user)
{
    question *asked = user;
    size_t length = asked->password == NULL ? 0 : strlen(asked->password);

    (void)writing;
    asked->asked = true;
    if (asked->password == NULL || length > (size_t)size)
        return -1;
    memcpy(out, asked->password, length);
    return (int)length;
}

static int read_chain(interim__tls_identity *identity, BIO *file, const char *path,
                      interim_error *error)
{
    question none = {NULL, false};
    X509 *next;

    identity->certificate = PEM_read_bio_X509_AUX(file, NULL, answer, &none);
    if (identity->certificate == NULL)
        return interim__tls_report_file(error, "client certificate", path,
                                        "it holds no certificate in PEM");
    identity->chain = sk_X509_new_null();
    if (identity->chain == NULL)
        return interim__tls_report(error, INTERIM_STAGE_START, "client certificate");
    while ((next = PEM_read_bio_X509(file, NULL, answer, &none)) != NULL)
        if (!sk_X509_push(identity->chain, next)) {
            X509_free(next);
            return interim__tls_report(error, INTERIM_STAGE_START, "client certificate");
        }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return interim__tls_report_file(error, "client certificate", path,
                                        "a certificate of its chain is damaged");
    ERR_clear_error();
    return 0;
}

static int read_key(interim__tls_identity *identity, BIO *file, const char *path,
                    const char *password, interim_error *error)
{
    question asked = {password, false};
    const char *why = "it holds no private key in PEM";

    identity->key = PEM_read_bio_PrivateKey(file, NULL, answer, &asked);
    if (identity->key != NULL)
        return 0;
    if (asked.asked)
        why = password == NULL ? "it is encrypted, and there is no password"
                               : "the password does not open it";
    return interim__tls_report_file(error, "client key", path, why);
}

/* Opens path and has one of both read it. */
static int read_file(interim__tls_identity *identity, const char *path, bool key,
                     const char *password, interim_error *error)
{
    BIO *file;
    int failed;

    ERR_clear_error();
    file = BIO_new_file(path, "r");
    if (file == NULL)
        return interim__tls_report_file(error, key ? "client key" : "client certificate", path,
                                        "it cannot be opened");
    failed = key ? read_key(identity, file, path, password, error)
                 : read_chain(identity, file, path, error);
    BIO_free(file);
    ERR_clear_error();
    return failed;
}

static int read_both(interim__tls_identity *identity, const interim_client_options *options,
                     interim_error *error)
{
    const char *key_file =
        options->key_file != NULL ? options->key_file : options->certificate_file;

    if (read_file(identity, options->certificate_file, false, NULL, error) < 0 ||
        read_file(identity, key_file, true, options->key_password, error) < 0)
        return error->code;
    if (X509_check_private_key(identity->certificate, identity->key))
        return 0;
    return interim__tls_report_file(error, "client key", key_file,
                                    "it is not the key of the client certificate");
}

int interim__tls_identity_new(interim__tls_identity **out, const interim_client_options *options,
                              interim_error *error)
{
    interim__tls_identity *identity;

    *out = NULL;
    if (options->certificate_file == NULL && options->key_file == NULL)
        return 0;
    if (options->certificate_file == NULL)
        return interim__error_set(error, INTERIM_EINVAL, INTERIM_STAGE_START,
                                  "client key %.80s: there is no client certificate",
                                  options->key_file);
    identity = calloc(1, sizeof *identity);
    if (identity == NULL)
        return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_START, "client certificate");
    if (read_both(identity, options, error) < 0) {
        interim__tls_identity_free(identity);
        return error->code;
    }
    *out = identity;
    return 0;
}

void interim__tls_identity_free(interim__tls_identity *identity)
{
    if (identity == NULL)
        return;
    X509_free(identity->certificate);
    sk_X509_pop_free(identity->chain, X509_free);
    EVP_PKEY_free(identity->key);
    free(identity);
}

int interim__tls_identity_offer(const interim__tls_identity *identity, SSL *ssl)
{
    /* Some servers ask only once they know what is wanted of them (RFC 8446 section 4.6.2). */
    SSL_set_post_handshake_auth(ssl, 1);
    return SSL_use_cert_and_key(ssl, identity->certificate, identity->key, identity->chain, 1);
}
