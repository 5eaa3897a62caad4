/* tls_context.c - see tls_context.h. */
#include "transport/tls_context.h"

#include "transport/address.h"
#include "transport/tls_report.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

static void configure(SSL_CTX *context, interim_tls_version minimum)
{
    static const unsigned char alpn[] = "\x08http/1.1"; /* RFC 7301 section 3.1 */

    SSL_CTX_set_min_proto_version(context,
                                  minimum == INTERIM_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1); /* one recv a record, not two */
    /* Sessions are kept by tls_tickets.c, which knows what they are for. */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_alpn_protos(context, alpn, sizeof alpn - 1);
}

static int load_ca_file(SSL_CTX *context, const char *path, interim_error *error)
{
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(context, path))
        return 0;
    return interim__tls_report_file(error, "CA file", path, "it holds no certificate in PEM");
}

/* OpenSSL looks into the directory in each handshake, and would not tell that there is none. */
static int load_ca_dir(SSL_CTX *context, const char *path, interim_error *error)
{
    struct stat status;
    char buffer[64];
    int problem = stat(path, &status) < 0 ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;

    if (problem != 0) {
        error->os_error = problem;
        return interim__error_set(error, INTERIM_ETLS, INTERIM_STAGE_START,
                                  "CA directory %.80s: %s", path,
                                  interim__address_problem(problem, buffer, sizeof buffer));
    }
    ERR_clear_error();
    if (SSL_CTX_load_verify_dir(context, path))
        return 0;
    return interim__tls_report(error, INTERIM_STAGE_START, "CA directory");
}

static int load_crl_file(SSL_CTX *context, const char *path, interim_error *error)
{
    X509_LOOKUP *lookup;

    ERR_clear_error();
    lookup = X509_STORE_add_lookup(SSL_CTX_get_cert_store(context), X509_LOOKUP_file());
    if (lookup == NULL)
        return interim__tls_report(error, INTERIM_STAGE_START, "CRL file");
    if (X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) <= 0)
        return interim__tls_report_file(error, "CRL file", path, "it holds no CRL in PEM");
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context),
                                X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return 0;
}

static int trust(SSL_CTX *context, const interim_client_options *options, interim_error *error)
{
    if (options->ca_file != NULL && load_ca_file(context, options->ca_file, error) < 0)
        return error->code;
    if (options->ca_dir != NULL && load_ca_dir(context, options->ca_dir, error) < 0)
        return error->code;
    if (options->ca_file != NULL || options->ca_dir != NULL)
        /* The caller says whom to trust, be it a root or not. */
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    else if (!SSL_CTX_set_default_verify_paths(context))
        return interim__tls_report(error, INTERIM_STAGE_TLS, "the system's certificates");
    if (options->crl_file != NULL && load_crl_file(context, options->crl_file, error) < 0)
        return error->code;
    return 0;
}

bool interim__tls_context_has_files(const interim_client_options *options)
{
    return options->ca_file != NULL || options->ca_dir != NULL || options->crl_file != NULL;
}

SSL_CTX *interim__tls_context_new(const interim_client_options *options, interim_error *error)
{
    SSL_CTX *context;

    ERR_clear_error();
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        interim__tls_report(error, INTERIM_STAGE_START, "TLS context");
        return NULL;
    }
    configure(context, options->tls_min);
    if (trust(context, options, error) < 0) {
        SSL_CTX_free(context);
        return NULL;
    }
    /* Files that the system's paths name need not exist. */
    ERR_clear_error();
    return context;
}
