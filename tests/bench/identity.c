/* identity.c - a certificate of its own making, signed by itself, good for a day. */
#include "identity.h"
#include "answers.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

SSL_CTX *identity_new(const char *file, int addrs)
{
    SSL_CTX *tls;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_NAME *name;
    X509_EXTENSION *ext;
    char san[4096] = "DNS:localhost";
    size_t n = strlen(san);
    int i;

    for (i = 1; i <= addrs; i++)
        n += (size_t)snprintf(san + n, sizeof san - n, ",IP:127.0.0.%d", i);
    if (!key || !x)
        die("certificate");
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), (long)time(NULL));
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_set_pubkey(x, key);
    name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(x, name);
    ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(x, ext, -1);
    X509_EXTENSION_free(ext);
    ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
    X509_add_ext(x, ext, -1);
    X509_EXTENSION_free(ext);
    if (!X509_sign(x, key, EVP_sha256()))
        die("certificate");

    tls = SSL_CTX_new(TLS_server_method());
    if (!tls || SSL_CTX_use_certificate(tls, x) != 1 || SSL_CTX_use_PrivateKey(tls, key) != 1)
        die("tls");
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_id_context(tls, (const unsigned char *)"bench", 5);
    if (file) {
        FILE *f = fopen(file, "w");

        if (!f || !PEM_write_X509(f, x) || fclose(f))
            die(file);
    }
    X509_free(x);
    EVP_PKEY_free(key);
    return tls;
}
