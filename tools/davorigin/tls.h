/* TLS by OpenSSL behind the io table. SIGPIPE must be ignored by the program: OpenSSL writes
 * without MSG_NOSIGNAL. */
#ifndef DAVORIGIN_TLS_H
#define DAVORIGIN_TLS_H

#include "io.h"

struct tls;

/* Loads certificate chain and key (PEM). On failure NULL, and `why` holds one line. */
struct tls *tls_new(const char *certificate_file, const char *key_file, char *why, size_t why_size);
void tls_free(struct tls *tls);

/* Shakes hands over `io`, which io_plain made. 0 or a negative errno; on failure `io` stays plain.
 */
int tls_accept(struct tls *tls, struct io *io, int64_t deadline);

#endif
