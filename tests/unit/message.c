/* message.c - responses that are kept packed, and laid out again. */
#include "operation/message.h"

#include "exchange/head.h"
#include "suites.h"
#include "support/failing_alloc.h"

#include <string.h>

/* As servers write heads: nothing between the parts, much, values that are empty or folded. */
static const char odd[] = "HTTP/1.1 202 Accepted\r\n"
                          "A:b\r\n"
                          "Empty:\r\n"
                          "Blank: \t \r\n"
                          "Wide:  c  d \t\r\n"
                          "Folded: e\r\n \tf  \r\n"
                          "Late:\r\n g\r\n"
                          "In-vain: h\r\n \r\n"
                          "Bare: i\n"
                          "Last: j\r\n\r\n";
static const char *const parts[][2] = {{"A", "b"},       {"Empty", ""},    {"Blank", ""},
                                       {"Wide", "c  d"}, {"Folded", NULL}, {"Late", "g"},
                                       {"In-vain", "h"}, {"Bare", "i"},    {"Last", "j"}};
#define COUNT (sizeof parts / sizeof *parts)

static interim__fields fields;

static void parse(void)
{
    static char text[sizeof odd];
    interim__head head = {0};
    interim_error error;

    memcpy(text, odd, sizeof odd);
    interim__error_init(&error);
    ck_assert_int_eq(interim__head_parse(&head, text, sizeof odd - 1, &error), sizeof odd - 1);
    ck_assert_int_eq(interim__fields_copy_parsed(&fields, &head.fields,
                                                 &(interim__copying){.text = head.reason}),
                     0);
    interim__head_dispose(&head);
    ck_assert_uint_eq(fields.count, COUNT);
}

static void check(const interim_message *view)
{
    ck_assert_int_eq(view->status, 202);
    ck_assert_str_eq(view->url, "http://a.example/");
    ck_assert_uint_eq(view->field_count, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        const interim_field *field = &view->fields[i];

        ck_assert_str_eq(field->name, parts[i][0]);
        ck_assert_str_eq(field->value, fields.items[i].value);
        ck_assert(parts[i][1] == NULL || strcmp(field->value, parts[i][1]) == 0);
        ck_assert_uint_eq(field->name_length, strlen(field->name));
        ck_assert_uint_eq(field->value_length, strlen(field->value));
    }
    ck_assert_uint_eq(view->body_size, 4);
    ck_assert_int_eq(memcmp(view->body, " \n\0x", 5), 0);
}

START_TEST(message_gives_back_what_a_head_said)
{
    interim__message *message;
    interim_field *clone;

    parse();
    message = interim__message_new(202, "http://a.example/", &fields, " \n\0x", 4);
    check(interim__message_view(message));
    ck_assert_ptr_eq(interim__message_view(message), interim__message_view(message));
    clone = interim__fields_clone(message->view->fields, COUNT);
    interim__message_free(message);
    message = interim__message_new(202, "http://a.example/",
                                   &(interim__fields){.items = clone, .count = COUNT}, " \n\0x", 4);
    check(interim__message_view(message));
    interim__message_free(message);
    free(clone);
    interim__fields_dispose(&fields);
}
END_TEST

START_TEST(message_may_be_empty)
{
    static const interim__fields none;
    interim__message *message = interim__message_new(200, "", &none, NULL, 0);
    const interim_message *view = interim__message_view(message);

    ck_assert_uint_eq(view->field_count, 0);
    ck_assert_uint_eq(view->body_size, 0);
    ck_assert_str_eq(view->body, "");
    ck_assert_str_eq(view->url, "");
    interim__message_free(message);
    interim__message_free(NULL);
    ck_assert_ptr_null(interim__message_view(NULL));
}
END_TEST

START_TEST(message_without_memory_is_none)
{
    interim__message *message;

    parse();
    failing_alloc_arm(1);
    ck_assert_ptr_null(interim__message_new(202, "", &fields, "", 0));
    ck_assert(failing_alloc_disarm());
    message = interim__message_new(202, "http://a.example/", &fields, " \n\0x", 4);
    failing_alloc_arm(1);
    ck_assert_ptr_null(interim__message_view(message));
    ck_assert(failing_alloc_disarm());
    check(interim__message_view(message));
    interim__message_free(message);
    interim__fields_dispose(&fields);
}
END_TEST

Suite *message_suite(void)
{
    Suite *suite = suite_create("message");
    TCase *tests = tcase_create("message");

    tcase_add_test(tests, message_gives_back_what_a_head_said);
    tcase_add_test(tests, message_may_be_empty);
    tcase_add_test(tests, message_without_memory_is_none);
    suite_add_tcase(suite, tests);
    return suite;
}
