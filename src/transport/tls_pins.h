/* tls_pins.h - public keys that a server must have one of, besides a certificate that holds: the
 * SHA-256 of the SubjectPublicKeyInfo (RFC 7469 section 2.4) as "sha256//" and base64, several
 * with semicolons between, as curl writes them. May be included by tls.c. */
#ifndef INTERIM_TRANSPORT_TLS_PINS_H
#define INTERIM_TRANSPORT_TLS_PINS_H

#include <interim.h>

#include <openssl/types.h>
#include <stdbool.h>

#define INTERIM__TLS_PIN 53 /* "sha256//", 44 characters, NUL */

/* Errors: EINVAL, and error names what is no pin. */
int interim__tls_pins_check(const char *pins, interim_error *error);

/* The pin of a certificate. False when there is no memory. */
bool interim__tls_pin_of(char out[INTERIM__TLS_PIN], const X509 *certificate);

/* Whether a pin is one of pins. */
bool interim__tls_pins_hold(const char *pins, const char *pin);

#endif
