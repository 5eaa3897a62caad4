/* tls_report.c - see tls_report.h. */
#include "transport/tls_report.h"

#include "transport/address.h"

#include <openssl/err.h>
#include <stdbool.h>

int interim__tls_report(interim_error *error, interim_stage stage, const char *what)
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

int interim__tls_report_file(interim_error *error, const char *what, const char *path,
                             const char *otherwise)
{
    unsigned long code = ERR_peek_error();
    char buffer[64];

    if (code != 0 && ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
        return interim__tls_report(error, INTERIM_STAGE_START, what);
    ERR_clear_error();
    error->tls_error = code;
    if (ERR_SYSTEM_ERROR(code)) {
        error->os_error = ERR_GET_REASON(code);
        otherwise = interim__address_problem(error->os_error, buffer, sizeof buffer);
    }
    return interim__error_set(error, INTERIM_ETLS, INTERIM_STAGE_START, "%s %.80s: %s", what, path,
                              otherwise);
}
