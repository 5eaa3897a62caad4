/* Tests of src/transport/resolver.c and address.c, with both engines. Names are those of
 * support/names.h; nothing asks the network. */
#include "transport/resolver.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/names.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static interim__loop *loop;
static interim__resolver *resolver;

/* A lookup, and what it was told. */
struct question {
    interim__lookup lookup; /* first */
    int done;
    int error, os_error;
    size_t count;
    char text[4][INTERIM__ADDRESS_TEXT];
    struct question *forget; /* when told */
    const char *ask;         /* when told */
};

static void answered(interim__lookup *lookup, int error, int os_error,
                     const interim__address *addresses, size_t count)
{
    struct question *question = (struct question *)(void *)lookup;
    const char *ask = question->ask;

    if (lookup->shared == NULL) /* it is not under way any more */
        question->done++;
    question->error = error;
    question->os_error = os_error;
    question->count = count;
    for (size_t i = 0; i < count && i < 4; i++)
        interim__address_text(&addresses[i], question->text[i], sizeof question->text[i]);
    if (question->forget != NULL)
        interim__resolver_forget(resolver, &question->forget->lookup);
    question->ask = NULL;
    if (ask != NULL && interim__resolver_ask(resolver, lookup, ask, 1) < 0)
        question->done = -100;
}

static void ask(struct question *question, const char *host, uint16_t port)
{
    memset(question, 0, sizeof *question);
    question->lookup.done = answered;
    ck_assert_int_eq(interim__resolver_ask(resolver, &question->lookup, host, port), 0);
    ck_assert_int_eq(question->done, 0);
    ck_assert_ptr_nonnull(question->lookup.shared);
}

static void turn(int timeout_ms)
{
    ck_assert_int_eq(interim__loop_turn(loop, timeout_ms), 0);
}

static void wait_done(const struct question *question)
{
    for (int turns = 0; question->done == 0; turns++) {
        ck_assert_int_lt(turns, 200);
        turn(2000);
    }
    ck_assert_int_eq(question->done, 1);
}

static void begin(int engine)
{
    names_reset();
    ck_assert_int_eq(interim__loop_new(&loop, engines[engine]), 0);
    ck_assert_int_eq(interim__resolver_new(&resolver, loop), 0);
}

static void end(void)
{
    interim__resolver_free(resolver);
    interim__loop_free(loop);
    names_release();
    names_wait_idle();
}

START_TEST(a_literal_needs_no_lookup)
{
    static const struct {
        const char *host, *text;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1:443"},
        {"::1", "[::1]:443"},
        {"2001:db8::A", "[2001:db8::a]:443"},
        {"fe80::1%lo", "[fe80::1%lo]:443"},
        {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:443"},
    };
    struct question question;

    begin(_i);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(&question, cases[i].host, 443);
        turn(0); /* nothing is waited for */
        ck_assert_int_eq(question.done, 1);
        ck_assert_int_eq(question.error, 0);
        ck_assert_uint_eq(question.count, 1);
        ck_assert_str_eq(question.text[0], cases[i].text);
    }
    ck_assert_int_eq(names_asked(), 0);
    end();
}
END_TEST

START_TEST(a_name_has_all_its_addresses)
{
    struct question question;

    begin(_i);
    names_add("two.test", "192.0.2.1 2001:db8::1 192.0.2.2", 0, false);
    ask(&question, "two.test", 80);
    wait_done(&question);
    ck_assert_int_eq(question.error, 0);
    ck_assert_uint_eq(question.count, 3);
    ck_assert_str_eq(question.text[0], "192.0.2.1:80");
    ck_assert_str_eq(question.text[1], "[2001:db8::1]:80");
    ck_assert_str_eq(question.text[2], "192.0.2.2:80");
    end();
}
END_TEST

START_TEST(a_failure_has_its_reason)
{
    static const struct {
        int status, error, os_error;
    } cases[] = {
        {EAI_NONAME, INTERIM_ERESOLVE, EAI_NONAME},
        {EAI_AGAIN, INTERIM_ERESOLVE, EAI_AGAIN},
        {EAI_MEMORY, INTERIM_ENOMEM, 0},
        {EAI_SYSTEM, INTERIM_ESYSTEM, EMFILE},
    };
    struct question question;

    begin(_i);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char host[16];

        snprintf(host, sizeof host, "bad%zu.test", i);
        names_add(host, "", cases[i].status, false);
        ask(&question, host, 80);
        wait_done(&question);
        ck_assert_int_eq(question.error, cases[i].error);
        ck_assert_int_eq(question.os_error, cases[i].os_error);
        ck_assert_uint_eq(question.count, 0);
        names_wait_idle();
        names_reset();
    }
    end();
}
END_TEST

START_TEST(equal_lookups_are_one)
{
    struct question same[3], port, later;

    begin(_i);
    names_add("one.test", "192.0.2.1", 0, true);
    names_add("ONE.test", "192.0.2.1", 0, true);
    ask(&same[0], "one.test", 80);
    names_wait_asked(1);
    ask(&same[1], "one.test", 80);
    ask(&same[2], "ONE.test", 80);
    ask(&port, "one.test", 81);
    names_wait_asked(2);
    turn(0);
    ck_assert_int_eq(same[0].done, 0);
    names_release();
    for (int i = 0; i < 3; i++) {
        wait_done(&same[i]);
        ck_assert_str_eq(same[i].text[0], "192.0.2.1:80");
    }
    wait_done(&port);
    ck_assert_str_eq(port.text[0], "192.0.2.1:81");
    ck_assert_int_eq(names_asked(), 2);
    ask(&later, "one.test", 80); /* answers are not kept */
    wait_done(&later);
    ck_assert_int_eq(names_asked(), 3);
    end();
}
END_TEST

START_TEST(what_is_forgotten_is_not_told)
{
    struct question kept, forgotten, literal, alone;

    begin(_i);
    names_add("held.test", "192.0.2.1", 0, true);
    names_add("alone.test", "192.0.2.1", 0, true);
    ask(&forgotten, "held.test", 80);
    ask(&kept, "held.test", 80);
    ask(&alone, "alone.test", 80);
    ask(&literal, "192.0.2.7", 80);
    names_wait_asked(2);
    interim__resolver_forget(resolver, &forgotten.lookup);
    interim__resolver_forget(resolver, &forgotten.lookup); /* twice is nothing */
    interim__resolver_forget(resolver, &literal.lookup);
    interim__resolver_forget(resolver, &alone.lookup);
    ck_assert_ptr_null(forgotten.lookup.shared);
    names_release();
    wait_done(&kept);
    names_wait_idle();
    turn(0);
    turn(0);
    ck_assert_int_eq(forgotten.done, 0);
    ck_assert_int_eq(literal.done, 0);
    ck_assert_int_eq(alone.done, 0);
    end();
}
END_TEST

START_TEST(a_lookup_that_nobody_waits_for_can_be_joined)
{
    struct question first, second;

    begin(_i);
    names_add("slow.test", "192.0.2.1", 0, true);
    ask(&first, "slow.test", 80);
    names_wait_asked(1);
    interim__resolver_forget(resolver, &first.lookup);
    ask(&second, "slow.test", 80);
    names_release();
    wait_done(&second);
    ck_assert_int_eq(names_asked(), 1);
    end();
}
END_TEST

START_TEST(a_callback_may_forget_and_ask)
{
    struct question one, two, three;

    begin(_i);
    names_add("held.test", "192.0.2.1", 0, true);
    ask(&one, "held.test", 80);
    ask(&two, "held.test", 80);
    one.forget = &two;
    two.forget = &one;
    names_release();
    names_wait_asked(1);
    for (int turns = 0; one.done + two.done == 0; turns++)
        turn(2000);
    turn(0);
    ck_assert_int_eq(one.done + two.done, 1);

    memset(&three, 0, sizeof three);
    ask(&three, "192.0.2.9", 1);
    three.ask = "192.0.2.9"; /* the same once more, from within */
    turn(0);
    ck_assert_int_eq(three.done, 1);
    turn(0);
    ck_assert_int_eq(three.done, 2);
    turn(0);
    ck_assert_int_eq(three.done, 2);
    end();
}
END_TEST

START_TEST(freeing_does_not_wait)
{
    struct question running, literal;

    begin(_i);
    names_add("stuck.test", "192.0.2.1", 0, true);
    ask(&running, "stuck.test", 80);
    ask(&literal, "192.0.2.1", 80);
    names_wait_asked(1);
    end(); /* lets the thread go after the resolver was freed */
    ck_assert_int_eq(running.done, 0);
    ck_assert_int_eq(literal.done, 0);
    ck_assert_ptr_null(running.lookup.shared);
    ck_assert_ptr_null(literal.lookup.shared);
}
END_TEST

START_TEST(threads_are_limited)
{
    enum { COUNT = 100 };
    static struct question questions[COUNT];
    static char hosts[COUNT][24];
    int told = 0;

    begin(_i);
    for (int i = 0; i < COUNT; i++) {
        snprintf(hosts[i], sizeof hosts[i], "h%d.test", i);
        names_add(hosts[i], "192.0.2.1", 0, true);
        ask(&questions[i], hosts[i], 80);
    }
    names_wait_asked(64);
    turn(10);
    ck_assert_int_eq(names_asked(), 64);
    interim__resolver_forget(resolver, &questions[COUNT - 1].lookup); /* never began */
    interim__resolver_forget(resolver, &questions[70].lookup);
    names_release();
    for (int turns = 0; told < COUNT - 2 && turns < 500; turns++) {
        turn(2000);
        told = 0;
        for (int i = 0; i < COUNT; i++)
            told += questions[i].done;
    }
    ck_assert_int_eq(told, COUNT - 2);
    ck_assert_int_eq(names_asked(), COUNT - 2);
    end();
}
END_TEST

START_TEST(freeing_drops_what_has_not_begun)
{
    enum { COUNT = 80 };
    static struct question questions[COUNT];
    static char hosts[COUNT][24];

    begin(_i);
    for (int i = 0; i < COUNT; i++) {
        snprintf(hosts[i], sizeof hosts[i], "h%d.test", i);
        names_add(hosts[i], "192.0.2.1", 0, true);
        ask(&questions[i], hosts[i], 80);
    }
    names_wait_asked(64);
    end();
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(questions[i].done, 0);
    ck_assert_int_eq(names_asked(), 64);
}
END_TEST

/* Check allocates too: nothing is asserted between arming and disarming. */
static int resolve_once(int engine, const char *host, struct question *question)
{
    int status;

    memset(question, 0, sizeof *question);
    question->lookup.done = answered;
    status = interim__loop_new(&loop, engines[engine]);
    if (status < 0)
        return status;
    status = interim__resolver_new(&resolver, loop);
    if (status == 0) {
        status = interim__resolver_ask(resolver, &question->lookup, host, 80);
        if (status < 0 && question->lookup.shared != NULL)
            status = 1;
        while (status == 0 && question->done == 0)
            interim__loop_turn(loop, 1000);
        interim__resolver_free(resolver);
    }
    interim__loop_free(loop);
    return status;
}

START_TEST(every_allocation_may_fail)
{
    static const char *const hosts[] = {"192.0.2.1", "some.test"};

    names_reset();
    names_add("some.test", "192.0.2.1", 0, false);
    for (int h = 0; h < 2; h++) {
        bool failed = true;

        for (unsigned long n = 1; failed; n++) {
            struct question question;
            int status;

            failing_alloc_arm(n);
            status = resolve_once(_i, hosts[h], &question);
            failed = failing_alloc_disarm();
            ck_assert_int_eq(status, failed ? INTERIM_ENOMEM : 0);
            ck_assert_int_eq(question.done, failed ? 0 : 1);
            ck_assert_uint_lt(n, 50);
        }
    }
    names_wait_idle();
}
END_TEST

START_TEST(a_thread_takes_no_signals)
{
    struct question question;
    sigset_t before, after;

    begin(_i);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    names_add("a.test", "192.0.2.1", 0, false);
    ask(&question, "a.test", 80);
    wait_done(&question);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < 32; number++)
        ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
    ck_assert(names_signals_blocked());
    end();
}
END_TEST

START_TEST(texts_of_addresses)
{
    interim__address address;
    char text[INTERIM__ADDRESS_TEXT];

    ck_assert(!interim__address_parse(&address, "example.org", 80));
    ck_assert(!interim__address_parse(&address, "1.2.3", 80));
    ck_assert(!interim__address_parse(&address, "", 80));
    ck_assert(!interim__address_parse(&address, "fe80::1%nowhere9", 80));
    ck_assert(!interim__address_parse(&address, "[::1]", 80));
    interim__address_authority("example.org", 443, text, sizeof text);
    ck_assert_str_eq(text, "example.org:443");
    interim__address_authority("::1", 1, text, sizeof text);
    ck_assert_str_eq(text, "[::1]:1");
    ck_assert_str_eq(interim__address_problem(ECONNREFUSED, text, sizeof text),
                     "Connection refused");
    ck_assert_str_eq(interim__address_problem(98765, text, sizeof text), "error 98765");
}
END_TEST

Suite *resolver_suite(void)
{
    const TTest *const both[] = {
        a_literal_needs_no_lookup,     a_name_has_all_its_addresses,
        a_failure_has_its_reason,      equal_lookups_are_one,
        what_is_forgotten_is_not_told, a_lookup_that_nobody_waits_for_can_be_joined,
        a_callback_may_forget_and_ask, freeing_does_not_wait,
        threads_are_limited,           freeing_drops_what_has_not_begun,
        every_allocation_may_fail,     a_thread_takes_no_signals,
    };
    Suite *suite = suite_create("resolver");
    TCase *names = tcase_create("names"), *addresses = tcase_create("addresses");

    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++)
        tcase_add_loop_test(names, both[i], 0, 2);
    tcase_add_test(addresses, texts_of_addresses);
    suite_add_tcase(suite, names);
    suite_add_tcase(suite, addresses);
    return suite;
}
