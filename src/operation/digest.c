/* digest.c - see digest.h. */
#include "operation/digest.h"

#include "base/text.h"
#include "base/words.h"
#include "operation/delay.h"

#include <stdlib.h>
#include <string.h>

#define HEX_MAX (2 * INTERIM__HASH_MAX + 1) /* of a hash, with NUL */
#define PARTS_MAX 6                         /* that are hashed together */
#define COUNT_MAX UINT32_MAX
#define CNONCE_LENGTH 32

/* ---- hashes ---- */

static void write_hex(char *out, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

/* The hash of pieces, in hexadecimal. 0, or what the hasher says. */
static int hash_pieces(char out[HEX_MAX], const interim__digest *digest, interim__hash algorithm,
                       const interim__piece *pieces, size_t count)
{
    unsigned char hash[INTERIM__HASH_MAX];
    size_t size = 0;
    int failed = digest->hasher->make(digest->hasher->user, hash, &size, algorithm, pieces, count);

    if (failed == 0)
        write_hex(out, hash, size);
    explicit_bzero(hash, sizeof hash);
    return failed;
}

static int hash_bytes(char out[HEX_MAX], const interim__digest *digest, interim__hash algorithm,
                      const void *data, size_t length)
{
    return hash_pieces(out, digest, algorithm, &(interim__piece){data, length}, 1);
}

/* The hash of strings with colons between them; the last is followed by NULL. */
static bool hash_joined(char out[HEX_MAX], const interim__digest *digest, const char *const *parts)
{
    interim__piece pieces[2 * PARTS_MAX];
    size_t count = 0;

    for (; *parts != NULL; parts++) {
        if (count > 0)
            pieces[count++] = (interim__piece){":", 1};
        pieces[count++] = (interim__piece){*parts, strlen(*parts)};
    }
    return hash_pieces(out, digest, digest->algorithm, pieces, count) == 0;
}

#define HASH(out, digest, ...) hash_joined(out, digest, (const char *const[]){__VA_ARGS__, NULL})

/* ---- the challenge ---- */

/* In the order of interim__hash, each without a session and with one; as they are
 * written, and in lower case to compare with. */
static const char algorithm_names[] =
    "MD5\0MD5-sess\0SHA-256\0SHA-256-sess\0SHA-512-256\0SHA-512-256-sess\0";
static const char algorithm_words[] =
    "md5\0md5-sess\0sha-256\0sha-256-sess\0sha-512-256\0sha-512-256-sess\0";

static const char *algorithm_name(const interim__digest *digest)
{
    return interim__words_at(algorithm_names, 2 * (int)digest->algorithm + digest->session);
}

static bool is_word(const interim__challenge *challenge, const char *name, const char *lower)
{
    const interim__parameter *parameter = interim__challenge_find(challenge, name);

    return parameter != NULL && interim__text_is(parameter->value, parameter->value_length, lower);
}

/* 0, or an error: FIPS has no MD5. */
static int read_algorithm(interim__digest *out, const interim__challenge *challenge)
{
    const interim__parameter *name = interim__challenge_find(challenge, "algorithm");
    char nothing[HEX_MAX];
    int number = 0; /* MD5 */

    out->named = name != NULL;
    if (name != NULL)
        number = interim__words_find(algorithm_words, name->value, name->value_length);
    if (number < 0)
        return INTERIM_EUNSUPPORTED;
    out->algorithm = (interim__hash)(number / 2);
    out->session = number % 2 != 0;
    return hash_bytes(nothing, out, out->algorithm, "", 0);
}

/* auth, as everybody does, unless auth-int alone is offered. */
static bool read_qop(interim__digest *out, const interim__challenge *challenge, bool body_known)
{
    const interim__parameter *parameter = interim__challenge_find(challenge, "qop");
    const char *list, *element;
    size_t left, length;

    out->qop = INTERIM__QOP_NONE;
    if (parameter == NULL)
        return !out->session; /* its key needs a cnonce, which RFC 2069 has not */
    list = parameter->value;
    left = parameter->value_length;
    while (interim__text_next_element(&list, &left, &element, &length)) {
        if (interim__text_is(element, length, "auth"))
            out->qop = INTERIM__QOP_AUTH;
        else if (interim__text_is(element, length, "auth-int") && body_known &&
                 out->qop == INTERIM__QOP_NONE)
            out->qop = INTERIM__QOP_AUTH_INT;
    }
    return out->qop != INTERIM__QOP_NONE;
}

/* Copies a value that is to be given back. A nonce and an opaque are the server's own making and
 * have no reason to hold what must be escaped. */
static int copy_value(char **out, const interim__parameter *parameter, bool plain)
{
    char text[INTERIM__DIGEST_TEXT_MAX + 1];
    ptrdiff_t length = interim__challenge_value(text, sizeof text, parameter);

    if (length < 0 || (plain && strpbrk(text, "\"\\\t") != NULL))
        return INTERIM_EUNSUPPORTED;
    *out = malloc((size_t)length + 1);
    if (*out == NULL)
        return INTERIM_ENOMEM;
    memcpy(*out, text, (size_t)length + 1);
    return 0;
}

int interim__digest_read(interim__digest *out, const interim__challenge *challenge,
                         const interim__hasher *hasher, bool body_known)
{
    const interim__parameter *realm = interim__challenge_find(challenge, "realm");
    const interim__parameter *nonce = interim__challenge_find(challenge, "nonce");
    const interim__parameter *opaque = interim__challenge_find(challenge, "opaque");
    int failed = INTERIM_EUNSUPPORTED;

    *out = (interim__digest){.hasher = hasher};
    if (challenge->token68 != NULL || realm == NULL || nonce == NULL || nonce->value_length == 0)
        return failed;
    failed = read_algorithm(out, challenge);
    if (failed < 0 || !read_qop(out, challenge, body_known))
        return failed < 0 ? failed : INTERIM_EUNSUPPORTED;
    out->userhash = is_word(challenge, "userhash", "true");
    out->utf8 = is_word(challenge, "charset", "utf-8");
    out->stale = is_word(challenge, "stale", "true");
    failed = copy_value(&out->realm, realm, false);
    if (failed == 0)
        failed = copy_value(&out->nonce, nonce, true);
    if (failed == 0 && opaque != NULL)
        failed = copy_value(&out->opaque, opaque, true);
    if (failed < 0)
        interim__digest_dispose(out);
    return failed;
}

int interim__digest_strength(const interim__digest *digest)
{
    return digest->algorithm == INTERIM__MD5 ? 1 : 2;
}

void interim__digest_info(interim__digest *digest, const char *value, size_t length)
{
    interim__challenge info;
    const interim__parameter *next;
    char *nonce;

    if (digest->nonce == NULL || !interim__challenge_read_parameters(&info, value, length))
        return;
    next = interim__challenge_find(&info, "nextnonce");
    if (next == NULL || next->value_length == 0 || copy_value(&nonce, next, true) < 0)
        return;
    free(digest->nonce);
    digest->nonce = nonce;
    digest->count = 0;
}

void interim__digest_dispose(interim__digest *digest)
{
    free(digest->realm);
    free(digest->nonce);
    free(digest->opaque);
    explicit_bzero(digest, sizeof *digest);
    *digest = (interim__digest){0};
}

/* ---- the answer ---- */

/* The generator is not one for secrets; its hash does not show its state. */
static bool make_cnonce(interim__digest *digest, uint64_t *random)
{
    uint64_t words[2] = {interim__random_next(random), interim__random_next(random)};
    char hash[HEX_MAX];

    if (digest->cnonce[0] != '\0')
        return true;
    if (hash_bytes(hash, digest, INTERIM__SHA_256, words, sizeof words) < 0)
        return false;
    memcpy(digest->cnonce, hash, CNONCE_LENGTH); /* what follows is zero */
    return true;
}

/* H(A1), RFC 7616 section 3.4.2: as good as the password. */
static bool make_key(char key[HEX_MAX], interim__digest *digest,
                     const interim__digest_subject *subject)
{
    if (digest->session_key[0] != '\0') {
        memcpy(key, digest->session_key, HEX_MAX);
        return true;
    }
    if (!HASH(key, digest, subject->user, digest->realm, subject->password))
        return false;
    if (!digest->session)
        return true;
    if (!HASH(digest->session_key, digest, key, digest->nonce, digest->cnonce)) {
        digest->session_key[0] = '\0';
        return false;
    }
    memcpy(key, digest->session_key, HEX_MAX);
    return true;
}

/* H(A2), RFC 7616 section 3.4.3. */
static bool make_subject(char out[HEX_MAX], const interim__digest *digest,
                         const interim__digest_subject *subject)
{
    char body[HEX_MAX];

    if (digest->qop != INTERIM__QOP_AUTH_INT)
        return HASH(out, digest, subject->method, subject->target);
    return hash_bytes(body, digest, digest->algorithm,
                      subject->body_length > 0 ? subject->body : "", subject->body_length) == 0 &&
           HASH(out, digest, subject->method, subject->target, body);
}

static const char *qop_name(const interim__digest *digest)
{
    return digest->qop == INTERIM__QOP_AUTH_INT ? "auth-int" : "auth";
}

/* RFC 7616 section 3.4.1; count is the nonce count as text. */
static bool make_response(char out[HEX_MAX], interim__digest *digest,
                          const interim__digest_subject *subject, const char *count)
{
    char key[HEX_MAX], what[HEX_MAX];
    bool done = make_key(key, digest, subject) && make_subject(what, digest, subject);

    if (done && digest->qop == INTERIM__QOP_NONE)
        done = HASH(out, digest, key, digest->nonce, what);
    else if (done)
        done = HASH(out, digest, key, digest->nonce, count, digest->cnonce, qop_name(digest), what);
    explicit_bzero(key, sizeof key);
    return done;
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static int add(interim__buffer *out, const char *name, const char *value)
{
    if (interim__buffer_append_text(out, ", ") < 0 || interim__buffer_append_text(out, name) < 0 ||
        interim__buffer_append_text(out, "=") < 0)
        return INTERIM_ENOMEM;
    return interim__buffer_append_text(out, value);
}

static int add_quoted(interim__buffer *out, const char *name, const char *value)
{
    int failed = add(out, name, "\"");

    for (; failed == 0 && *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            failed = interim__buffer_append(out, "\\", 1);
        if (failed == 0)
            failed = interim__buffer_append(out, value, 1);
    }
    return failed < 0 ? failed : interim__buffer_append(out, "\"", 1);
}

/* RFC 8187 section 3.2.1, for a name that ASCII cannot hold. */
static int add_extended(interim__buffer *out, const char *name, const char *value)
{
    int failed = add(out, name, "UTF-8''");

    for (; failed == 0 && *value != '\0'; value++) {
        char escape[4] = "%";

        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~",
                   *value) != NULL) {
            failed = interim__buffer_append(out, value, 1);
            continue;
        }
        write_hex(escape + 1, (const unsigned char *)value, 1);
        failed = interim__buffer_append(out, escape, 3);
    }
    return failed;
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static int add_user(interim__buffer *out, const interim__digest *digest, const char *user)
{
    char hash[HEX_MAX];

    if (!digest->userhash)
        return digest->utf8 && !is_ascii(user) ? add_extended(out, "username*", user)
                                               : add_quoted(out, "username", user);
    if (!HASH(hash, digest, user, digest->realm))
        return INTERIM_ENOMEM;
    return add_quoted(out, "username", hash);
}

static int add_parameters(interim__buffer *out, const interim__digest *digest,
                          const interim__digest_subject *subject, const char *count,
                          const char *response)
{
    bool qop = digest->qop != INTERIM__QOP_NONE;

    /* The first comma is taken off by the caller. */
    if (add_user(out, digest, subject->user) < 0 || add_quoted(out, "realm", digest->realm) < 0 ||
        add_quoted(out, "nonce", digest->nonce) < 0 ||
        add_quoted(out, "uri", subject->target) < 0 || add_quoted(out, "response", response) < 0)
        return INTERIM_ENOMEM;
    /* Not quoted: RFC 7616 section 3.4. */
    if ((digest->named && add(out, "algorithm", algorithm_name(digest)) < 0) ||
        (qop && (add_quoted(out, "cnonce", digest->cnonce) < 0 ||
                 add(out, "qop", qop_name(digest)) < 0 || add(out, "nc", count) < 0)) ||
        (digest->opaque != NULL && add_quoted(out, "opaque", digest->opaque) < 0) ||
        (digest->userhash && add(out, "userhash", "true") < 0))
        return INTERIM_ENOMEM;
    return 0;
}

int interim__digest_answer(interim__buffer *out, interim__digest *digest,
                           const interim__digest_subject *subject, uint64_t *random)
{
    char count[9], response[HEX_MAX];
    interim__buffer parameters = {0};
    uint32_t next = digest->count + 1;
    const unsigned char bytes[] = {(unsigned char)(next >> 24), (unsigned char)(next >> 16),
                                   (unsigned char)(next >> 8), (unsigned char)next};
    int failed = INTERIM_ENOMEM;

    if (digest->nonce == NULL || digest->count == COUNT_MAX || has_control(subject->user) ||
        (digest->qop == INTERIM__QOP_AUTH_INT && !subject->body_known))
        return INTERIM_EUNSUPPORTED;
    write_hex(count, bytes, sizeof bytes);
    if (make_cnonce(digest, random) && make_response(response, digest, subject, count))
        failed = add_parameters(&parameters, digest, subject, count, response);
    if (failed == 0) {
        size_t before = out->length;

        failed = interim__buffer_append_text(out, "Digest");
        if (failed == 0)
            failed = interim__buffer_append(out, parameters.data + 1, parameters.length - 1);
        if (failed < 0 && out->data != NULL)
            out->data[out->length = before] = '\0';
    }
    interim__buffer_dispose(&parameters);
    if (failed == 0)
        digest->count = next;
    return failed;
}
