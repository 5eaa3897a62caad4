/* tls_pins.c - see tls_pins.h. */
#include "transport/tls_pins.h"

#include "base/error.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

static const char prefix[] = "sha256//";

/* 32 bytes are 43 characters, of which the last holds four bits, and one '='. */
static bool is_pin(const char *text, size_t length)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t skip = sizeof prefix - 1;

    return length == INTERIM__TLS_PIN - 1 && strncmp(text, prefix, skip) == 0 &&
           strspn(text + skip, alphabet) == 43 && text[length - 1] == '=' &&
           strchr("AEIMQUYcgkosw048", text[length - 2]) != NULL;
}

int interim__tls_pins_check(const char *pins, interim_error *error)
{
    for (;;) {
        size_t length = strcspn(pins, ";");

        if (!is_pin(pins, length))
            return interim__error_set(
                error, INTERIM_EINVAL, INTERIM_STAGE_START,
                "pinned key '%.*s' is not sha256// and the base64 of a SHA-256",
                length < 60 ? (int)length : 60, pins);
        if (pins[length] == '\0')
            return 0;
        pins += length + 1;
    }
}

bool interim__tls_pin_of(char out[INTERIM__TLS_PIN], const X509 *certificate)
{
    unsigned char digest[32], *der = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    bool made = length > 0 && EVP_Digest(der, (size_t)length, digest, NULL, EVP_sha256(), NULL);

    OPENSSL_free(der);
    memcpy(out, prefix, sizeof prefix);
    if (made)
        EVP_EncodeBlock((unsigned char *)out + sizeof prefix - 1, digest, sizeof digest);
    return made;
}

bool interim__tls_pins_hold(const char *pins, const char *pin)
{
    size_t length = strlen(pin);

    for (;; pins++) {
        if (strcspn(pins, ";") == length && strncmp(pins, pin, length) == 0)
            return true;
        pins += strcspn(pins, ";");
        if (*pins == '\0')
            return false;
    }
}
