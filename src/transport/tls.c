/* tls.c - see tls.h.
 *
 * The context is made at the first session when it only needs the system's store: to read that
 * takes longer than a short request over plain HTTP. A session fails once: then it says nothing
 * more, not even close_notify (RFC 8446 section 6.2).
 *
 * OpenSSL keeps a queue of errors for each thread, and a stale one makes SSL_get_error lie: it is
 * empty before and after each call. To look is cheaper than to empty it. */
#include "transport/tls.h"

#include "base/error.h"
#include "transport/bio.h"
#include "transport/certificate.h"
#include "transport/connection.h"
#include "transport/tls_context.h"
#include "transport/tls_identity.h"
#include "transport/tls_key_log.h"
#include "transport/tls_pins.h"
#include "transport/tls_report.h"
#include "transport/tls_tickets.h"
#include "transport/want.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct interim__tls {
    SSL_CTX *context; /* NULL: not made yet */
    BIO_METHOD *method;
    interim_tls_version minimum;
    interim__tls_identity *identity; /* NULL: there is none */
    char *pins;                      /* NULL: any key will do */
    int key_log;                     /* -1: none */
    bool forgets;                    /* sessions are not resumed */
    interim__tls_tickets tickets;
};

struct interim__tls_session {
    SSL *ssl;
    interim__tls *tls;
    interim__socket *socket;
    const interim__endpoint *endpoint;
    bool open;             /* the handshake is done */
    bool failed;           /* nothing may be sent any more */
    bool reads_by_writing; /* what was read last wants something sent first */
    interim_error *report; /* of the handshake that runs, for the verification's callback */
    char host[];           /* what the certificate must be for */
};

static bool offers_identity(const interim__tls_session *session)
{
    return session->endpoint->identify && session->tls->identity != NULL;
}

static void clear_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

/* ---- What OpenSSL asks and tells ----------------------------------------------------------- */

/* A pin is checked in here, so that a server with another key is not shown a client certificate. */
static int has_pinned_key(const interim__tls_session *session, X509_STORE_CTX *verification)
{
    const X509 *certificate = X509_STORE_CTX_get_current_cert(verification);
    char pin[INTERIM__TLS_PIN] = "";

    if (session->tls->pins == NULL)
        return 1;
    if (certificate != NULL && interim__tls_pin_of(pin, certificate) &&
        interim__tls_pins_hold(session->tls->pins, pin))
        return 1;
    X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION);
    if (session->report != NULL && session->report->code == 0) {
        session->report->tls_error = X509_V_ERR_APPLICATION_VERIFICATION;
        interim__error_set(session->report, INTERIM_ECERTIFICATE, INTERIM_STAGE_TLS,
                           "the key of %.60s is not a pinned one: it is %s", session->host, pin);
    }
    return 0;
}

/* Whether what fails is that nobody can revoke an intermediate CA that the caller trusts by itself:
 * who trusts it needs no CRL of those above it. */
static bool is_anchor_without_crl(X509_STORE_CTX *verification)
{
    int depth = X509_STORE_CTX_get_error_depth(verification);

    return X509_STORE_CTX_get_error(verification) == X509_V_ERR_UNABLE_TO_GET_CRL && depth > 0 &&
           depth == sk_X509_num(X509_STORE_CTX_get0_chain(verification)) - 1;
}

static int verified(int ok, X509_STORE_CTX *verification)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx());
    const interim__tls_session *session = SSL_get_app_data(ssl);

    if (!ok && is_anchor_without_crl(verification)) {
        X509_STORE_CTX_set_error(verification, X509_V_OK);
        return 1;
    }
    if (ok && X509_STORE_CTX_get_error_depth(verification) == 0)
        return has_pinned_key(session, verification);
    if (!ok && session->report != NULL)
        interim__certificate_describe(session->report, verification, session->host);
    return ok;
}

/* A session that can be resumed: at the end of a handshake (TLS 1.2), or in a ticket (TLS 1.3). */
static int session_made(SSL *ssl, SSL_SESSION *made)
{
    interim__tls_session *session = SSL_get_app_data(ssl);

    if (session->failed || SSL_get_verify_result(ssl) != X509_V_OK)
        return 0;
    interim__tls_tickets_keep(&session->tls->tickets, session->endpoint, made);
    return 1; /* the reference is ours */
}

static void key_made(const SSL *ssl, const char *line)
{
    const interim__tls_session *session = SSL_get_app_data(ssl);

    interim__tls_key_log_write(session->tls->key_log, line);
}

/* ---- The context --------------------------------------------------------------------------- */

static int make_context(interim__tls *tls, const interim_client_options *options,
                        interim_error *error)
{
    clear_errors();
    if (tls->method == NULL)
        tls->method = interim__bio_method_new();
    if (tls->method == NULL)
        return interim__tls_report(error, INTERIM_STAGE_START, "TLS context");
    tls->context = interim__tls_context_new(options, error);
    if (tls->context == NULL)
        return error->code;
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, verified);
    if (!tls->forgets)
        SSL_CTX_sess_set_new_cb(tls->context, session_made);
    if (tls->key_log >= 0)
        SSL_CTX_set_keylog_callback(tls->context, key_made);
    return 0;
}

/* All that can be complained about now. */
static int prepare(interim__tls *tls, const interim_client_options *options, interim_error *error)
{
    if (options->pinned_keys != NULL) {
        if (interim__tls_pins_check(options->pinned_keys, error) < 0)
            return error->code;
        tls->pins = strdup(options->pinned_keys);
        if (tls->pins == NULL)
            return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_START, "pinned keys");
    }
    if (interim__tls_identity_new(&tls->identity, options, error) < 0)
        return error->code;
    if (options->key_log_file != NULL &&
        interim__tls_key_log_open(&tls->key_log, options->key_log_file, error) < 0)
        return error->code;
    if (interim__tls_context_has_files(options))
        return make_context(tls, options, error);
    return 0;
}

int interim__tls_new(interim__tls **out, const interim_client_options *options,
                     interim_error *error)
{
    interim__tls *tls = calloc(1, sizeof *tls);

    *out = NULL;
    if (tls == NULL)
        return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_START, "TLS context");
    tls->minimum = options->tls_min;
    tls->forgets = options->tls_no_resumption != 0;
    tls->key_log = -1;
    if (prepare(tls, options, error) < 0) {
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
    interim__tls_tickets_dispose(&tls->tickets);
    /* Both take NULL, but where no TLS was spoken this would be the first call into the library. */
    if (tls->context != NULL)
        SSL_CTX_free(tls->context);
    if (tls->method != NULL)
        BIO_meth_free(tls->method);
    interim__tls_identity_free(tls->identity);
    interim__tls_key_log_close(tls->key_log);
    free(tls->pins);
    free(tls);
}

bool interim__tls_identifies(const interim__tls *tls)
{
    return tls->identity != NULL;
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

/* The session of an earlier connection to this place. A server that does not know it any more
 * makes a full handshake of it. */
static bool offer_ticket(interim__tls_session *session)
{
    SSL_SESSION *ticket = interim__tls_tickets_take(&session->tls->tickets, session->endpoint);
    bool offered = ticket == NULL || SSL_set_session(session->ssl, ticket);

    SSL_SESSION_free(ticket);
    return offered;
}

static bool set_up(interim__tls_session *session)
{
    interim__tls *tls = session->tls;
    BIO *bio;

    session->ssl = SSL_new(tls->context);
    bio = session->ssl == NULL ? NULL : interim__bio_new(tls->method, session->socket);
    if (bio == NULL)
        return false;
    SSL_set_bio(session->ssl, bio, bio);
    SSL_set_app_data(session->ssl, session);
    SSL_set_connect_state(session->ssl);
    if (offers_identity(session) && !interim__tls_identity_offer(tls->identity, session->ssl))
        return false;
    return expect_host(session->ssl, session->host) && offer_ticket(session);
}

int interim__tls_session_new(interim__tls_session **out, interim__tls *tls,
                             struct interim__socket *socket, const interim__endpoint *endpoint,
                             interim_error *error)
{
    const interim_client_options options = {.tls_min = tls->minimum};
    size_t size = strlen(endpoint->host) + 1;
    interim__tls_session *session;

    *out = NULL;
    if (tls->context == NULL && make_context(tls, &options, error) < 0)
        return error->code;
    session = calloc(1, sizeof *session + size);
    if (session == NULL)
        return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_TLS, "TLS session");
    memcpy(session->host, endpoint->host, size);
    session->tls = tls;
    session->socket = socket;
    session->endpoint = endpoint;
    clear_errors();
    if (!set_up(session)) {
        interim__tls_report(error, INTERIM_STAGE_TLS, "TLS session");
        interim__tls_session_free(session);
        return error->code;
    }
    *out = session;
    return 0;
}

void interim__tls_session_free(interim__tls_session *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    clear_errors();
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
    int problem = session->socket->problem, want = interim__want_code(problem);
    int code = open ? INTERIM_EDISCONNECTED : INTERIM_ETLS;

    clear_errors();
    if (error->code == 0)
        error->os_error = problem;
    interim__error_set(error, want == 0 ? code : want, stage, "%s%.60s: %s%s",
                       open ? "connection with " : "TLS handshake with ", session->host,
                       interim__address_problem(problem, buffer, sizeof buffer),
                       want == 0 ? "" : interim__want_hint(problem));
    return INTERIM__BROKEN;
}

/* What a person can do something about, said better than OpenSSL does; else NULL. */
static const char *plain_reason(const interim__tls_session *session, int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
        return session->open ? NULL : "the answer is not TLS";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return session->tls->minimum == INTERIM_TLS_1_3
                   ? "the server does not speak TLS 1.3"
                   : "the server does not speak TLS 1.2 or 1.3";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return offers_identity(session)
                   ? "the server did not get the client certificate that it wants"
                   : "the server wants a client certificate, and none was offered";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        return offers_identity(session)
                   ? "the server does not know the issuer of the client certificate"
                   : NULL;
    default:
        return NULL;
    }
}

/* What a call that did not succeed came to. */
static int outcome(interim__tls_session *session, int returned, interim_stage stage, unsigned *want,
                   interim_error *error)
{
    int reason = SSL_get_error(session->ssl, returned);
    const char *why;
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
        clear_errors();
        if (!session->open)
            interim__error_set(error, INTERIM_ETLS, stage,
                               "TLS handshake with %.60s: the server closed the connection",
                               session->host);
        return INTERIM__ABRUPT;
    }
    snprintf(what, sizeof what, "TLS%s with %.60s", session->open ? "" : " handshake",
             session->host);
    why = plain_reason(session, ERR_GET_REASON(ERR_peek_error()));
    if (why != NULL && error->code == 0) {
        error->tls_error = ERR_peek_error();
        interim__error_set(error, INTERIM_ETLS, stage, "%s: %s", what, why);
    }
    interim__tls_report(error, stage, what);
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

/* OpenSSL has ended the handshake if not; a session that is resumed brings the result along. */
static int check_verified(const interim__tls_session *session, interim_error *error)
{
    long result = SSL_get_verify_result(session->ssl);

    if (result == X509_V_OK)
        return 0;
    error->tls_error = (unsigned long)result;
    return interim__error_set(error, INTERIM_ECERTIFICATE, INTERIM_STAGE_TLS,
                              "the certificate of %.60s: %s", session->host,
                              X509_verify_cert_error_string(result));
}

int interim__tls_handshake(interim__tls_session *session, unsigned *want, interim_error *error)
{
    int returned, result;

    if (session->failed)
        return INTERIM__BROKEN;
    clear_errors();
    session->report = error;
    returned = SSL_do_handshake(session->ssl);
    session->report = NULL;
    if (returned == 1) {
        if (check_verified(session, error) < 0 || check_protocol(session, error) < 0) {
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
    int returned, result;

    /* What OpenSSL would find out at some length. */
    if (!(session->socket->watch.possible & INTERIM__READ) && !session->reads_by_writing &&
        !SSL_has_pending(session->ssl)) {
        *want = INTERIM__READ;
        return INTERIM__AGAIN;
    }
    clear_errors();
    returned = SSL_read_ex(session->ssl, buffer, size, &got);
    if (returned == 1)
        return (ptrdiff_t)got;
    result = outcome(session, returned, INTERIM_STAGE_HEAD, want, error);
    session->reads_by_writing = result == INTERIM__AGAIN && *want == INTERIM__WRITE;
    return result;
}

ptrdiff_t interim__tls_write(interim__tls_session *session, const void *data, size_t size,
                             unsigned *want, interim_error *error)
{
    size_t done = 0;
    int returned, result;

    clear_errors();
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

void interim__tls_keep_buffers(interim__tls_session *session, bool keep)
{
    if (keep) {
        SSL_clear_mode(session->ssl, SSL_MODE_RELEASE_BUFFERS);
        return;
    }
    SSL_set_mode(session->ssl, SSL_MODE_RELEASE_BUFFERS);
    /* OpenSSL would free what it has decrypted, too. */
    if (session->open && !SSL_has_pending(session->ssl))
        SSL_free_buffers(session->ssl);
}

void interim__tls_shutdown(interim__tls_session *session)
{
    if (!session->open || session->failed)
        return;
    clear_errors();
    SSL_shutdown(session->ssl);
    clear_errors();
}
