/* certificates.h - certificates made at test time, so that none is kept in the tree and none
 * expires. Failures end the program: they are the test's, not the library's. */
#ifndef TESTS_SUPPORT_CERTIFICATES_H
#define TESTS_SUPPORT_CERTIFICATES_H

#include <stddef.h>

struct certificates; /* a directory of its own, and a CA in it */

/* What a certificate says. */
typedef struct certificate_wish {
    const char *file;   /* FILE.crt and FILE.key are written */
    const char *name;   /* common name */
    const char *names;  /* "DNS:localhost,IP:127.0.0.1", NULL: no subjectAltName */
    long from_s, to_s;  /* validity, in seconds from now; both 0: a day around now */
    int self_signed;    /* else the CA signs it, */
    const char *issuer; /* ... or the one of this file */
    int is_ca;          /* it can sign others */
} certificate_wish;

struct certificates *certificates_new(void);

/* Removes the directory and all that is in it. */
void certificates_free(struct certificates *all);

/* The CA's certificate in PEM, for ca_file; borrowed until certificates_free. */
const char *certificates_ca_file(const struct certificates *all);

void certificates_issue(const struct certificates *all, const certificate_wish *wish);

/* Writes FILE: a CRL of the CA that revokes the certificate REVOKED.crt (NULL: none), and is valid
 * from a day ago until to_s seconds from now. */
void certificates_issue_crl(const struct certificates *all, const char *file, const char *revoked,
                            long to_s);

/* The same by the CA of the file issuer. */
void certificates_issue_crl_by(const struct certificates *all, const char *issuer, const char *file,
                               const char *revoked, long to_s);

/* Writes FILE.key once more, encrypted, as ENCRYPTED. */
void certificates_encrypt(const struct certificates *all, const char *file, const char *encrypted,
                          const char *password);

/* Writes file `joined`, two others one behind the other. */
void certificates_join(const struct certificates *all, const char *joined, const char *first,
                       const char *second);

/* Gives the directory the name of the CA that makes it a ca_dir. */
void certificates_hash(const struct certificates *all);

/* Writes the pin of FILE.key, "sha256//...". */
void certificates_pin(const struct certificates *all, char out[64], const char *file);

/* Writes the path of a file in the directory: certificates_path(all, out, size, "good.key"). */
void certificates_path(const struct certificates *all, char *out, size_t size, const char *file);

#endif
