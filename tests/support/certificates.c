/* certificates.c - see certificates.h. */
#include "support/certificates.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct certificates {
    char directory[64];
    char ca_file[96];
    EVP_PKEY *key;
    X509 *ca;
};

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "certificates: %s failed\n", what);
    abort();
}

void certificates_path(const struct certificates *all, char *out, size_t size, const char *file)
{
    snprintf(out, size, "%s/%s", all->directory, file);
}

static FILE *create(const struct certificates *all, const char *file, const char *suffix)
{
    char name[64], path[160];
    FILE *out;

    snprintf(name, sizeof name, "%s%s", file, suffix);
    certificates_path(all, path, sizeof path, name);
    out = fopen(path, "w");
    must(out != NULL, path);
    return out;
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    must(extension != NULL && X509_add_ext(certificate, extension, -1), value);
    X509_EXTENSION_free(extension);
}

/* A certificate for key, signed with signer_key in the name of issuer (NULL: in its own). */
static X509 *sign(const certificate_wish *wish, EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer_key)
{
    static long serial = 1;
    X509 *made = X509_new();
    X509_NAME *subject;

    must(made != NULL, "X509_new");
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), serial++ * 1000 + (long)getpid() % 1000);
    X509_gmtime_adj(X509_getm_notBefore(made), wish->from_s == 0 ? -43200 : wish->from_s);
    X509_gmtime_adj(X509_getm_notAfter(made), wish->to_s == 0 ? 43200 : wish->to_s);
    subject = X509_get_subject_name(made);
    must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)wish->name,
                                    -1, -1, 0),
         "common name");
    X509_set_issuer_name(made, issuer == NULL ? subject : X509_get_subject_name(issuer));
    X509_set_pubkey(made, key);
    if ((issuer == NULL && !wish->self_signed) || wish->is_ca)
        add_extension(made, NID_basic_constraints, "critical,CA:TRUE");
    if (wish->names != NULL)
        add_extension(made, NID_subject_alt_name, wish->names);
    must(X509_sign(made, signer_key, EVP_sha256()) > 0, "X509_sign");
    return made;
}

struct certificates *certificates_new(void)
{
    const certificate_wish wish = {.file = "ca", .name = "Test CA"};
    struct certificates *all = calloc(1, sizeof *all);
    FILE *out;

    must(all != NULL, "calloc");
    snprintf(all->directory, sizeof all->directory, "/tmp/interim-test-XXXXXX");
    must(mkdtemp(all->directory) != NULL, "mkdtemp");
    certificates_path(all, all->ca_file, sizeof all->ca_file, "ca.crt");
    all->key = EVP_EC_gen("P-256");
    must(all->key != NULL, "EVP_EC_gen");
    all->ca = sign(&wish, all->key, NULL, all->key);
    out = create(all, "ca", ".crt");
    must(PEM_write_X509(out, all->ca) && fclose(out) == 0, "writing ca.crt");
    return all;
}

const char *certificates_ca_file(const struct certificates *all)
{
    return all->ca_file;
}

static FILE *open_file(const struct certificates *all, const char *file, const char *suffix)
{
    char name[64], path[160];
    FILE *in;

    snprintf(name, sizeof name, "%s%s", file, suffix);
    certificates_path(all, path, sizeof path, name);
    in = fopen(path, "r");
    must(in != NULL, path);
    return in;
}

static EVP_PKEY *read_key(const struct certificates *all, const char *file)
{
    FILE *in = open_file(all, file, ".key");
    EVP_PKEY *key = PEM_read_PrivateKey(in, NULL, NULL, NULL);

    must(key != NULL, file);
    fclose(in);
    return key;
}

static X509 *read_certificate(const struct certificates *all, const char *file)
{
    FILE *in = open_file(all, file, ".crt");
    X509 *certificate = PEM_read_X509(in, NULL, NULL, NULL);

    must(certificate != NULL, file);
    fclose(in);
    return certificate;
}

void certificates_issue(const struct certificates *all, const certificate_wish *wish)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *made;
    FILE *out;

    must(key != NULL, "EVP_EC_gen");
    if (wish->self_signed) {
        made = sign(wish, key, NULL, key);
    } else if (wish->issuer != NULL) {
        X509 *issuer = read_certificate(all, wish->issuer);
        EVP_PKEY *issuer_key = read_key(all, wish->issuer);

        made = sign(wish, key, issuer, issuer_key);
        X509_free(issuer);
        EVP_PKEY_free(issuer_key);
    } else {
        made = sign(wish, key, all->ca, all->key);
    }
    out = create(all, wish->file, ".crt");
    must(PEM_write_X509(out, made) && fclose(out) == 0, "writing a certificate");
    out = create(all, wish->file, ".key");
    must(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) && fclose(out) == 0,
         "writing a key");
    X509_free(made);
    EVP_PKEY_free(key);
}

static void add_revoked(const struct certificates *all, X509_CRL *crl, const char *file)
{
    X509 *bad = read_certificate(all, file);
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, 0);

    must(entry != NULL && now != NULL, file);
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(bad));
    X509_REVOKED_set_revocationDate(entry, now);
    must(X509_CRL_add0_revoked(crl, entry), "X509_CRL_add0_revoked");
    ASN1_TIME_free(now);
    X509_free(bad);
}

static void issue_crl(const struct certificates *all, const X509 *issuer, EVP_PKEY *key,
                      const char *file, const char *revoked, long to_s)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, -86400), *to = X509_gmtime_adj(NULL, to_s);
    FILE *out;

    must(crl != NULL && from != NULL && to != NULL, "X509_CRL_new");
    X509_CRL_set_version(crl, 1);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer));
    X509_CRL_set1_lastUpdate(crl, from);
    X509_CRL_set1_nextUpdate(crl, to);
    if (revoked != NULL)
        add_revoked(all, crl, revoked);
    must(X509_CRL_sign(crl, key, EVP_sha256()) > 0, "X509_CRL_sign");
    out = create(all, file, "");
    must(PEM_write_X509_CRL(out, crl) && fclose(out) == 0, "writing a CRL");
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    X509_CRL_free(crl);
}

void certificates_issue_crl(const struct certificates *all, const char *file, const char *revoked,
                            long to_s)
{
    issue_crl(all, all->ca, all->key, file, revoked, to_s);
}

void certificates_issue_crl_by(const struct certificates *all, const char *issuer, const char *file,
                               const char *revoked, long to_s)
{
    X509 *certificate = read_certificate(all, issuer);
    EVP_PKEY *key = read_key(all, issuer);

    issue_crl(all, certificate, key, file, revoked, to_s);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void certificates_encrypt(const struct certificates *all, const char *file, const char *encrypted,
                          const char *password)
{
    EVP_PKEY *key = read_key(all, file);
    FILE *out = create(all, encrypted, "");

    must(PEM_write_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(), password, (int)strlen(password),
                                   NULL, NULL) &&
             fclose(out) == 0,
         "writing an encrypted key");
    EVP_PKEY_free(key);
}

void certificates_join(const struct certificates *all, const char *joined, const char *first,
                       const char *second)
{
    const char *const parts[] = {first, second};
    FILE *out = create(all, joined, "");

    for (int i = 0; i < 2; i++) {
        FILE *in = open_file(all, parts[i], "");

        for (int byte; (byte = getc(in)) != EOF;)
            putc(byte, out);
        fclose(in);
    }
    must(fclose(out) == 0, joined);
}

void certificates_hash(const struct certificates *all)
{
    char name[16], path[160];

    snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(all->ca));
    certificates_path(all, path, sizeof path, name);
    must(symlink("ca.crt", path) == 0, path);
}

void certificates_pin(const struct certificates *all, char out[64], const char *file)
{
    EVP_PKEY *key = read_key(all, file);
    unsigned char *der = NULL, digest[32];
    int length = i2d_PUBKEY(key, &der);

    must(length > 0 && EVP_Digest(der, (size_t)length, digest, NULL, EVP_sha256(), NULL), file);
    strcpy(out, "sha256//");
    EVP_EncodeBlock((unsigned char *)out + 8, digest, sizeof digest);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}

void certificates_free(struct certificates *all)
{
    DIR *directory = opendir(all->directory);

    if (directory != NULL) {
        for (struct dirent *at; (at = readdir(directory)) != NULL;)
            if (at->d_name[0] != '.')
                unlinkat(dirfd(directory), at->d_name, 0);
        closedir(directory);
        rmdir(all->directory);
    }
    X509_free(all->ca);
    EVP_PKEY_free(all->key);
    free(all);
}
