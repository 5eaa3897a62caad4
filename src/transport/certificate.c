/* certificate.c - see certificate.h. What is quoted here was written by the peer: the error's text
 * keeps only printable ASCII of it, and as much as fits. */
#include "transport/certificate.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAMES 72 /* bytes of names that are quoted */

/* "2024-05-31 12:00:00 UTC" */
static void date_text(char *out, size_t size, const ASN1_TIME *when)
{
    struct tm parts;

    if (when == NULL || !ASN1_TIME_to_tm(when, &parts) ||
        strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        snprintf(out, size, "an unreadable date");
}

static void common_name(char *out, size_t size, const X509_NAME *name)
{
    out[0] = '\0';
    if (name == NULL || X509_NAME_get_text_by_NID(name, NID_commonName, out, (int)size) < 0 ||
        out[0] == '\0')
        snprintf(out, size, "without a common name");
}

static void one_name(char *out, size_t size, const GENERAL_NAME *name)
{
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);

    out[0] = '\0';
    if (type == GEN_DNS)
        snprintf(out, size, "%.*s", ASN1_STRING_length(value),
                 (const char *)ASN1_STRING_get0_data(value));
    else if (type == GEN_IPADD && ASN1_STRING_length(value) == 4)
        inet_ntop(AF_INET, ASN1_STRING_get0_data(value), out, (socklen_t)size);
    else if (type == GEN_IPADD && ASN1_STRING_length(value) == 16)
        inet_ntop(AF_INET6, ASN1_STRING_get0_data(value), out, (socklen_t)size);
}

/* The names that the certificate is for, as many as fit: "a.example, b.example and 3 more". */
static void list_names(char *out, size_t size, const X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t length = 0;
    int left_out = 0;

    out[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        char name[64];

        one_name(name, sizeof name, sk_GENERAL_NAME_value(names, i));
        if (name[0] == '\0')
            continue;
        if (length > 0 && length + 2 + strlen(name) + sizeof " and 99999 more" > size) {
            left_out++;
            continue;
        }
        length +=
            (size_t)snprintf(out + length, size - length, "%s%s", length > 0 ? ", " : "", name);
        if (length >= size)
            length = size - 1;
    }
    GENERAL_NAMES_free(names);
    if (left_out > 0)
        snprintf(out + length, size - length, " and %d more", left_out % 100000);
    if (length == 0)
        snprintf(out, size, "no name at all");
}

/* Whose certificate: the server's, or that of an issuer further up. */
static void whose_text(char *out, size_t size, const X509 *certificate, int depth, const char *host)
{
    char issuer[40];

    if (depth == 0 || certificate == NULL) {
        snprintf(out, size, "the certificate of %.50s", host);
        return;
    }
    common_name(issuer, sizeof issuer, X509_get_subject_name(certificate));
    snprintf(out, size, "the certificate of issuer '%s' of %.40s", issuer, host);
}

/* What the text of a problem quotes from the certificate. */
static void quote(char *out, size_t size, const X509 *certificate, int problem)
{
    switch (certificate == NULL ? X509_V_OK : problem) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        date_text(out, size, X509_get0_notAfter(certificate));
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        date_text(out, size, X509_get0_notBefore(certificate));
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        list_names(out, size, certificate);
        break;
    case X509_V_OK:
        snprintf(out, size, "unknown");
        break;
    default:
        common_name(out, size, X509_get_issuer_name(certificate));
        break;
    }
}

/* What stands between whose certificate it is and what is quoted of it. NULL: OpenSSL's own text
 * has to do. */
static const char *sentence(int problem)
{
    switch (problem) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "expired on";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "is not valid before";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "has the unknown issuer";
    case X509_V_ERR_CERT_REVOKED:
        return "was revoked by its issuer";
    case X509_V_ERR_UNABLE_TO_GET_CRL:
        return "may be revoked: there is no CRL of its issuer";
    case X509_V_ERR_CRL_HAS_EXPIRED:
        return "may be revoked, the CRL is out of date: issuer";
    case X509_V_ERR_CRL_NOT_YET_VALID:
        return "may be revoked, the CRL is not valid yet: issuer";
    default:
        return NULL;
    }
}

void interim__certificate_describe(interim_error *error, X509_STORE_CTX *verification,
                                   const char *host)
{
    const X509 *certificate = X509_STORE_CTX_get_current_cert(verification);
    int problem = X509_STORE_CTX_get_error(verification);
    int depth = X509_STORE_CTX_get_error_depth(verification);
    char about[NAMES], whose[128];
    bool date = problem == X509_V_ERR_CERT_HAS_EXPIRED || problem == X509_V_ERR_CERT_NOT_YET_VALID;

    if (error->code != 0)
        return;
    error->tls_error = (unsigned long)problem;
    whose_text(whose, sizeof whose, certificate, depth, host);
    quote(about, sizeof about, certificate, problem);
    if (problem == X509_V_ERR_HOSTNAME_MISMATCH || problem == X509_V_ERR_IP_ADDRESS_MISMATCH)
        interim__error_set(error, INTERIM_ECERTIFICATE, INTERIM_STAGE_TLS,
                           "the certificate is for %s, not for %.60s", about, host);
    else if (problem == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
        interim__error_set(error, INTERIM_ECERTIFICATE, INTERIM_STAGE_TLS,
                           "%s is self-signed and not trusted", whose);
    else if (problem == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN)
        interim__error_set(error, INTERIM_ECERTIFICATE, INTERIM_STAGE_TLS,
                           "%s is the root of the chain and not trusted", whose);
    else if (sentence(problem) == NULL)
        interim__error_set(error, INTERIM_ECERTIFICATE, INTERIM_STAGE_TLS, "%s: %s", whose,
                           X509_verify_cert_error_string(problem));
    else
        interim__error_set(error, INTERIM_ECERTIFICATE, INTERIM_STAGE_TLS,
                           date ? "%s %s %s" : "%s %s '%s'", whose, sentence(problem), about);
}
