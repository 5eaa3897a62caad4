/* challenge.c - lists of challenges, as servers write them and as attackers do. */
#include "operation/challenge.h"

#include "suites.h"
#include "support/guard.h"

#include <stdio.h>
#include <string.h>

#define NAME "www-authenticate"

static void describe(char *out, size_t size, const interim__challenge *challenge)
{
    size_t at = strlen(out);

    at += (size_t)snprintf(out + at, size - at, "%s%.*s", at == 0 ? "" : " | ",
                           (int)challenge->scheme_length, challenge->scheme);
    if (challenge->token68 != NULL)
        at += (size_t)snprintf(out + at, size - at, " <%.*s>", (int)challenge->token68_length,
                               challenge->token68);
    for (size_t i = 0; i < challenge->parameter_count; i++) {
        const interim__parameter *parameter = &challenge->parameters[i];
        char value[256];

        ck_assert_int_ge(interim__challenge_value(value, sizeof value, parameter), 0);
        at += (size_t)snprintf(out + at, size - at, " %.*s=[%s]", (int)parameter->name_length,
                               parameter->name, value);
    }
}

/* All challenges of up to three fields, at the end of readable memory one after the other. */
static const char *read_all(const char *const *values, size_t count)
{
    static char out[2048];

    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char *text = guarded(values[i], strlen(values[i]));
        interim_field item = {"WWW-Authenticate", text, 16, strlen(values[i])};
        interim__fields fields = {.items = &item, .count = 1};
        interim__challenge_reader reader;
        interim__challenge challenge;

        interim__challenge_begin(&reader, &fields, NAME);
        while (interim__challenge_next(&reader, &challenge))
            describe(out, sizeof out, &challenge);
        ck_assert(!interim__challenge_next(&reader, &challenge));
    }
    return out;
}

START_TEST(challenge_reads_lists)
{
    static const struct {
        const char *value, *read;
    } table[] = {
        {"", ""},
        {" , ,", ""},
        {"Negotiate", "Negotiate"},
        {"Basic realm=\"a\"", "Basic realm=[a]"},
        {"Basic realm=a", "Basic realm=[a]"},
        {"Basic realm = \"a b\" ,charset=\"UTF-8\"", "Basic realm=[a b] charset=[UTF-8]"},
        {"Basic realm=\"\"", "Basic realm=[]"},
        {"Basic realm=\"a\\\"b\\\\c\"", "Basic realm=[a\"b\\c]"},
        {"Basic realm=\"a, Digest nonce=b\"", "Basic realm=[a, Digest nonce=b]"},
        {"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"",
         "Newauth realm=[apps] type=[1] title=[Login to \"apps\"] | Basic realm=[simple]"},
        {"Negotiate, Basic realm=\"a\"", "Negotiate | Basic realm=[a]"},
        {"Negotiate YWJj+/==, NTLM TlRM", "Negotiate <YWJj+/==> | NTLM <TlRM>"},
        {"Negotiate ,NTLM,,Basic  realm=a", "Negotiate | NTLM | Basic realm=[a]"},
        {"Bearer realm=https://a.example/x, scope=\"s\"",
         "Bearer realm=[https://a.example/x] scope=[s]"},
        {"Digest nonce=a==, qop=\"auth\"", "Digest nonce=[a==] qop=[auth]"},
        {"Digest realm=\"r\",nonce=\"n\",Digest realm=\"s\",nonce=\"m\"",
         "Digest realm=[r] nonce=[n] | Digest realm=[s] nonce=[m]"},
        {"Basic realm=\"\xc3\xa4\"", "Basic realm=[\xc3\xa4]"},
        {"Basic realm=\"a\tb\"", "Basic realm=[a\tb]"},
        {"Basic\trealm=a", "Basic realm=[a]"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        ck_assert_str_eq(read_all(&table[i].value, 1), table[i].read);
}
END_TEST

START_TEST(challenge_passes_over_what_is_malformed)
{
    static const struct {
        const char *value, *read;
    } table[] = {
        {"=", ""},
        {"\"", ""},
        {"\"Basic realm=a\", Basic realm=b", "Basic realm=[b]"},
        {"Basic realm=\"a", ""},
        {"Basic realm=\"a, Digest realm=b", ""},
        {"Basic realm=\"a\\", ""},
        {"Basic realm=\"a\\\"", ""},
        {"Basic realm=\"a\x01\", NTLM", ""},
        {"Basic realm=\"a\\\x7f\"", ""},
        {"Basic realm=\"a\"b, NTLM", "NTLM"},
        {"Basic realm=\"a\" NTLM", ""},
        {"Basic realm=a, realm=b, NTLM", "NTLM"},
        {"Basic realm=a, REALM=b, NTLM", "NTLM"},
        {"Basic realm=a, realn=b", "Basic realm=[a] realn=[b]"},
        {"Basic @, NTLM", "NTLM"},
        {"Basic realm=, NTLM", "Basic <realm=> | NTLM"},
        {"Basic realm=a, x=, NTLM", "NTLM"},
        {"Basic=a, NTLM", "NTLM"},
        {"Basic\"a\", b=c, NTLM", "NTLM"},
        {"realm=\"a\"", ""},
        {"realm=\"a\", nonce=b, Basic realm=c", "Basic realm=[c]"},
        {"B\xe4sic realm=a, NTLM", "NTLM"},
        {"Basic realm=a\\b, NTLM", "NTLM"},
        {"Basic realm=a b=c, NTLM", "NTLM"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        ck_assert_msg(strcmp(read_all(&table[i].value, 1), table[i].read) == 0, "%s: %s",
                      table[i].value, read_all(&table[i].value, 1));
}
END_TEST

START_TEST(challenge_reads_several_fields)
{
    interim_field items[] = {{"WWW-Authenticate", "Basic realm=\"open", 16, 17},
                             {"X", "Digest nonce=n", 1, 14},
                             {"www-authenticate", "", 16, 0},
                             {"Proxy-Authenticate", "NTLM", 18, 4},
                             {"WWW-AUTHENTICATE", "Digest nonce=a, Basic realm=b", 16, 29}};
    interim__fields fields = {.items = items, .count = 5};
    interim__challenge_reader reader;
    interim__challenge challenge;
    char out[256] = "";

    interim__challenge_begin(&reader, &fields, NAME);
    while (interim__challenge_next(&reader, &challenge))
        describe(out, sizeof out, &challenge);
    ck_assert_str_eq(out, "Digest nonce=[a] | Basic realm=[b]");
    interim__challenge_begin(&reader, &fields, "proxy-authenticate");
    ck_assert(interim__challenge_next(&reader, &challenge));
    ck_assert(!interim__challenge_next(&reader, &challenge));
    ck_assert(!interim__challenge_next(&reader, &challenge));
}
END_TEST

START_TEST(challenge_is_bounded)
{
    static char text[200000];
    const char *value = text;
    unsigned count = 0;
    size_t at = 0;
    interim_field item = {"WWW-Authenticate", text, 16, 0};
    interim__fields fields = {.items = &item, .count = 1};
    interim__challenge_reader reader;
    interim__challenge challenge;

    for (int i = 0; i < 20000; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "S%d, ", i);
    item.value_length = at;
    interim__challenge_begin(&reader, &fields, NAME);
    while (interim__challenge_next(&reader, &challenge))
        count++;
    ck_assert_uint_eq(count, INTERIM__CHALLENGES_MAX);
    for (int parameters = INTERIM__PARAMETERS_MAX - 1; parameters <= INTERIM__PARAMETERS_MAX + 1;
         parameters++) {
        at = (size_t)snprintf(text, sizeof text, "Digest ");
        for (int i = 0; i < parameters; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, "p%d=%d,", i, i);
        snprintf(text + at, sizeof text - at, " NTLM");
        ck_assert_int_eq(strncmp(read_all(&value, 1), "Digest", 6) == 0,
                         parameters <= INTERIM__PARAMETERS_MAX);
        ck_assert_ptr_nonnull(strstr(read_all(&value, 1), "NTLM"));
    }
}
END_TEST

START_TEST(challenge_gives_values_that_fit)
{
    interim__parameter parameter = {"realm", "a\\\"b", 5, 4, true};
    char out[8];

    ck_assert_int_eq(interim__challenge_value(out, 4, &parameter), 3);
    ck_assert_str_eq(out, "a\"b");
    ck_assert_int_eq(interim__challenge_value(out, 3, &parameter), -1);
    ck_assert_int_eq(interim__challenge_value(out, 0, &parameter), -1);
    parameter.quoted = false;
    ck_assert_int_eq(interim__challenge_value(out, sizeof out, &parameter), 4);
}
END_TEST

START_TEST(challenge_reads_parameters_alone)
{
    static const struct {
        const char *text;
        int count; /* -1: malformed */
    } table[] = {{"nextnonce=\"a\", qop=auth, nc=00000001", 3},
                 {"", 0},
                 {",a=b", 1},
                 {"nextnonce=\"a", -1},
                 {"Digest nextnonce=a", -1},
                 {"a=b c=d", -1},
                 {"a=b, a=c", -1},
                 {"a", -1},
                 {"a=", -1}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t length = strlen(table[i].text);
        interim__challenge out;
        bool good =
            interim__challenge_read_parameters(&out, guarded(table[i].text, length), length);

        ck_assert_msg(good == (table[i].count >= 0), "%s", table[i].text);
        if (good)
            ck_assert_int_eq((int)out.parameter_count, table[i].count);
    }
}
END_TEST

/* Every text of three of these pieces: nothing is read beyond the end, and it ends. */
START_TEST(challenge_survives_every_mixture)
{
    static const char *const pieces[] = {"",   ",", " ",  "=",   "\"",   "\\", "a",  "Basic",
                                         "a=", "/", "\t", "a=b", "\x01", "~",  "==", "a=\"b\""};
    enum { count = sizeof pieces / sizeof *pieces };

    for (int i = 0; i < count * count * count * count; i++) {
        char text[64];
        const char *value = text;

        snprintf(text, sizeof text, "%s%s%s%s", pieces[i % count], pieces[i / count % count],
                 pieces[i / count / count % count], pieces[i / count / count / count]);
        read_all(&value, 1);
    }
}
END_TEST

Suite *challenge_suite(void)
{
    Suite *suite = suite_create("challenge");
    TCase *tests = tcase_create("challenge");

    tcase_add_test(tests, challenge_reads_lists);
    tcase_add_test(tests, challenge_passes_over_what_is_malformed);
    tcase_add_test(tests, challenge_reads_several_fields);
    tcase_add_test(tests, challenge_is_bounded);
    tcase_add_test(tests, challenge_gives_values_that_fit);
    tcase_add_test(tests, challenge_reads_parameters_alone);
    tcase_add_test(tests, challenge_survives_every_mixture);
    suite_add_tcase(suite, tests);
    return suite;
}
