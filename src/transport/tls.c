/* tls.c - see tls.h.
 *
 * The context is made at the first session when it only needs the system's store: to read that
 * takes longer than a short request over plain HTTP. A session fails once: then it says nothing
 * more, not even close_notify (RFC 8446 section 6.2).
 *
 * OpenSSL keeps a queue of errors for each thread, and a stale one makes SSL_get_error lie: it is
 * emptied before and after each call. */
#include "transport/tls.h"

#include "base/error.h"
#include "transport/bio.h"
#include "transport/certificate.h"
#include "transport/connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct interim__tls {
    SSL_CTX *context; /* NULL: not made yet */
    BIO_METHOD *method;
};

struct interim__tls_session {
    SSL *ssl;
    interim__socket *socket;
    bool open;             /* the handshake is done */
    bool failed;           /* nothing may be sent any more */
    interim_error *report; /* of the handshake that runs, for the verification's callback */
    char host[];
};

/* ---- Errors of OpenSSL --------------------------------------------------------------------- */

/* The first error of the queue is the cause, later ones are what came of it. Empties it. */
static int report_openssl(interim_error *error, interim_stage stage, const char *what)
{
    unsigned long code = ERR_peek_error();
    const char *text = code == 0 ? NULL : ERR_reason_error_string(code);
    bool memory = ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;

    ERR_clear_error();
    if (error->code != 0)
        return error->code;
    error->tls_error = code;
    return interim__error_set(error, memory ? INTERIM_ENOMEM : INTERIM_ETLS, stage, "%s: %s", what,
                              text == NULL ? "unknown TLS error" : text);
}

/* ---- The context --------------------------------------------------------------------------- */

static int verified(int ok, X509_STORE_CTX *verification)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx());
    const interim__tls_session *session = SSL_get_app_data(ssl);

    if (!ok && session->report != NULL)
        interim__certificate_describe(session->report, verification, session->host);
    return ok;
}

static void configure(SSL_CTX *context)
{
    static const unsigned char alpn[] = "\x08http/1.1"; /* RFC 7301 section 3.1 */

    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    /* RELEASE_BUFFERS: a connection that waits gives its 32 KiB back. */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1); /* one recv a record, not two */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, verified);
    SSL_CTX_set_alpn_protos(context, alpn, sizeof alpn - 1);
}

static int load_ca_file(SSL_CTX *context, const char *ca_file, interim_error *error)
{
    const char *text = "it holds no certificate in PEM";
    char buffer[64];
    unsigned long code;

    ERR_clear_error();
    if (SSL_CTX_load_verify_file(context, ca_file)) {
        /* The file says whom to trust, be it a root or not. */
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
        return 0;
    }
    code = ERR_peek_error();
    ERR_clear_error();
    if (ERR_SYSTEM_ERROR(code)) {
        error->os_error = ERR_GET_REASON(code);
        text = interim__address_problem(error->os_error, buffer, sizeof buffer);
    }
    error->tls_error = code;
    return interim__error_set(error, INTERIM_ETLS, INTERIM_STAGE_START, "CA file %.100s: %s",
                              ca_file, text);
}

static int make_context(interim__tls *tls, const char *ca_file, interim_error *error)
{
    SSL_CTX *context;

    ERR_clear_error();
    if (tls->method == NULL)
        tls->method = interim__bio_method_new();
    context = tls->method == NULL ? NULL : SSL_CTX_new(TLS_client_method());
    if (context == NULL)
        return report_openssl(error, INTERIM_STAGE_START, "TLS context");
    configure(context);
    if (ca_file != NULL && load_ca_file(context, ca_file, error) < 0) {
        SSL_CTX_free(context);
        return error->code;
    }
    if (ca_file == NULL && !SSL_CTX_set_default_verify_paths(context)) {
        SSL_CTX_free(context);
        return report_openssl(error, INTERIM_STAGE_TLS, "the system's certificates");
    }
    /* Files that the system's paths name need not exist. */
    ERR_clear_error();
    tls->context = context;
    return 0;
}

int interim__tls_new(interim__tls **out, const char *ca_file, interim_error *error)
{
    interim__tls *tls = calloc(1, sizeof *tls);

    *out = NULL;
    if (tls == NULL)
        return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_START, "TLS context");
    if (ca_file != NULL && make_context(tls, ca_file, error) < 0) {
        interim__tls_free(tls);
        return error->code;
    }
    *out = tls;
    return 0;
}

void interim__tls_free(interim__tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->method);
    free(tls);
}

/* ---- A session ----------------------------------------------------------------------------- */

/* What the certificate must be for: an address (without its zone, which means something on this
 * machine only) or a name (without the dot that makes it absolute). */
static bool expect_host(SSL *ssl, char *host)
{
    X509_VERIFY_PARAM *rules = SSL_get0_param(ssl);
    interim__address literal;
    size_t length = strlen(host);

    if (interim__address_parse(&literal, host, 0)) {
        host[strcspn(host, "%")] = '\0';
        return X509_VERIFY_PARAM_set1_ip_asc(rules, host);
    }
    if (length > 0 && host[length - 1] == '.')
        host[length - 1] = '\0';
    /* RFC 9110 section 4.3.4: a common name is not a reference identity. */
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return X509_VERIFY_PARAM_set1_host(rules, host, 0) && SSL_set_tlsext_host_name(ssl, host);
}

int interim__tls_session_new(interim__tls_session **out, interim__tls *tls, interim__socket *socket,
                             const char *host, interim_error *error)
{
    size_t length = strlen(host);
    interim__tls_session *session;
    BIO *bio;

    *out = NULL;
    if (tls->context == NULL && make_context(tls, NULL, error) < 0)
        return error->code;
    session = calloc(1, sizeof *session + length + 1);
    if (session == NULL)
        return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_TLS, "TLS session");
    memcpy(session->host, host, length + 1);
    session->socket = socket;
    ERR_clear_error();
    session->ssl = SSL_new(tls->context);
    bio = session->ssl == NULL ? NULL : interim__bio_new(tls->method, socket);
    if (bio == NULL)
        goto out;
    SSL_set_bio(session->ssl, bio, bio);
    SSL_set_app_data(session->ssl, session);
    SSL_set_connect_state(session->ssl);
    if (!expect_host(session->ssl, session->host))
        goto out;
    *out = session;
    return 0;
out:
    report_openssl(error, INTERIM_STAGE_TLS, "TLS session");
    interim__tls_session_free(session);
    return error->code;
}

void interim__tls_session_free(interim__tls_session *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    ERR_clear_error();
    free(session);
}

static bool is_cut(int reason)
{
    unsigned long code = ERR_peek_error();

    return (reason == SSL_ERROR_SYSCALL && code == 0) ||
           (reason == SSL_ERROR_SSL && ERR_GET_LIB(code) == ERR_LIB_SSL &&
            ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

/* The socket failed: in the handshake that is one of TLS, later the stream's as without TLS. */
static int report_socket(interim__tls_session *session, interim_stage stage, interim_error *error)
{
    char buffer[64];
    bool open = session->open;

    ERR_clear_error();
    if (error->code == 0)
        error->os_error = session->socket->problem;
    interim__error_set(error, open ? INTERIM_EDISCONNECTED : INTERIM_ETLS, stage, "%s%.60s: %s",
                       open ? "connection with " : "TLS handshake with ", session->host,
                       interim__address_problem(session->socket->problem, buffer, sizeof buffer));
    return INTERIM__BROKEN;
}

/* What a call that did not succeed came to. */
static int outcome(interim__tls_session *session, int returned, interim_stage stage, unsigned *want,
                   interim_error *error)
{
    int reason = SSL_get_error(session->ssl, returned);
    char what[96];

    switch (reason) {
    case SSL_ERROR_WANT_READ:
        *want = INTERIM__READ;
        return INTERIM__AGAIN;
    case SSL_ERROR_WANT_WRITE:
        *want = INTERIM__WRITE;
        return INTERIM__AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return INTERIM__END;
    default:
        break;
    }
    session->failed = true;
    if (session->socket->problem != 0)
        return report_socket(session, stage, error);
    if (is_cut(reason)) {
        ERR_clear_error();
        if (!session->open)
            interim__error_set(error, INTERIM_ETLS, stage,
                               "TLS handshake with %.60s: the server closed the connection",
                               session->host);
        return INTERIM__ABRUPT;
    }
    snprintf(what, sizeof what, "TLS%s with %.60s", session->open ? "" : " handshake",
             session->host);
    if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_WRONG_VERSION_NUMBER && !session->open &&
        error->code == 0) {
        error->tls_error = ERR_peek_error();
        interim__error_set(error, INTERIM_ETLS, stage, "%s: the answer is not TLS", what);
    }
    report_openssl(error, stage, what);
    return INTERIM__BROKEN;
}

/* RFC 7301 section 3.2: no protocol at all means HTTP/1.1, as it did before there was ALPN. */
static int check_protocol(interim__tls_session *session, interim_error *error)
{
    const unsigned char *name;
    unsigned length;

    SSL_get0_alpn_selected(session->ssl, &name, &length);
    if (length == 0 || (length == 8 && memcmp(name, "http/1.1", 8) == 0))
        return 0;
    return interim__error_set(error, INTERIM_ETLS, INTERIM_STAGE_TLS,
                              "TLS handshake with %.60s: the server chose protocol '%.*s', which "
                              "was not offered",
                              session->host, length < 20 ? (int)length : 20, (const char *)name);
}

int interim__tls_handshake(interim__tls_session *session, unsigned *want, interim_error *error)
{
    int returned, result;

    if (session->failed)
        return INTERIM__BROKEN;
    ERR_clear_error();
    session->report = error;
    returned = SSL_do_handshake(session->ssl);
    session->report = NULL;
    if (returned == 1) {
        if (check_protocol(session, error) < 0) {
            session->failed = true;
            return INTERIM__BROKEN;
        }
        session->open = true;
        return 1;
    }
    result = outcome(session, returned, INTERIM_STAGE_TLS, want, error);
    if (result == INTERIM__AGAIN)
        return INTERIM__AGAIN;
    interim__error_set(error, INTERIM_ETLS, INTERIM_STAGE_TLS,
                       "TLS handshake with %.60s: the server closed the connection", session->host);
    return INTERIM__BROKEN;
}

ptrdiff_t interim__tls_read(interim__tls_session *session, void *buffer, size_t size,
                            unsigned *want, interim_error *error)
{
    size_t got = 0;
    int returned;

    ERR_clear_error();
    returned = SSL_read_ex(session->ssl, buffer, size, &got);
    if (returned == 1)
        return (ptrdiff_t)got;
    return outcome(session, returned, INTERIM_STAGE_HEAD, want, error);
}

ptrdiff_t interim__tls_write(interim__tls_session *session, const void *data, size_t size,
                             unsigned *want, interim_error *error)
{
    size_t done = 0;
    int returned, result;

    ERR_clear_error();
    returned = SSL_write_ex(session->ssl, data, size, &done);
    if (returned == 1)
        return (ptrdiff_t)done;
    result = outcome(session, returned, INTERIM_STAGE_SEND, want, error);
    if (result == INTERIM__AGAIN)
        return INTERIM__AGAIN;
    interim__error_set(error, INTERIM_ETLS, INTERIM_STAGE_SEND,
                       "TLS with %.60s: the stream has ended", session->host);
    return INTERIM__BROKEN;
}

bool interim__tls_pending(const interim__tls_session *session)
{
    return SSL_has_pending(session->ssl);
}

void interim__tls_shutdown(interim__tls_session *session)
{
    if (!session->open || session->failed)
        return;
    ERR_clear_error();
    SSL_shutdown(session->ssl);
    ERR_clear_error();
}
