/* asking.c - see asking.h. */
#include "asking.h"

#include "escapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int failed, const char *what)
{
    if (failed >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, interim_strerror(failed));
    exit(2);
}

static int take_body(const void *data, size_t size, void *user)
{
    struct asking *asking = user;

    log_body(asking->log, data, size);
    return 0;
}

int asking_event(const interim_event *event, void *user)
{
    struct asking *asking = user;
    const struct transcript *transcript = asking->transcript;

    log_event(asking->log, event);
    if (transcript->cancel_kind == NULL ||
        strcmp(interim_event_name(event->kind), transcript->cancel_kind) != 0)
        return 0;
    return ++asking->count == transcript->cancel_count;
}

static interim_poll_verdict judge(const interim_message *answer, void *user)
{
    struct asking *asking = user;
    const struct transcript *transcript = asking->transcript;

    (void)answer;
    return asking->judged < transcript->verdict_count ? transcript->verdicts[asking->judged++]
                                                      : INTERIM_POLL_VERDICT_DEFAULT;
}

static void divide(int64_t *limit, int64_t divisor)
{
    if (*limit > 0)
        *limit = (*limit + divisor - 1) / divisor;
}

static void set_limits(struct asking *asking, int64_t divisor)
{
    interim_patience patience = asking->transcript->patience;
    interim_polling polling = asking->transcript->polling;
    interim_upload_resumption resumption = asking->transcript->resumption;
    int64_t *const limits[] = {
        &patience.connect_ms, &patience.head_ms,     &patience.silence_ms, &patience.gap_warning_ms,
        &patience.total_ms,   &patience.continue_ms, &patience.stall_ms,   &polling.deadline_ms,
        &polling.first_ms,    &polling.min_ms,       &polling.max_ms,      &polling.outage_ms,
        &resumption.first_ms, &resumption.outage_ms};

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        divide(limits[i], divisor);
    if (divisor > 1) { /* what the server says is not to be waited for */
        polling.first_ms = polling.first_ms == INTERIM_AT_ONCE ? INTERIM_AT_ONCE : 1;
        polling.min_ms = polling.min_ms == INTERIM_AT_ONCE ? INTERIM_AT_ONCE : 1;
        polling.max_ms = 20;
        resumption.first_ms = 1;
    }
    must(interim_request_set_patience(asking->request, &patience), "patience");
    must(interim_request_set_polling(asking->request, &polling), "polling");
    if (asking->transcript->resumes)
        must(interim_request_set_upload_resumption(asking->request, &resumption), "resumption");
}

static int refresh(interim_challenge *challenge, void *user)
{
    const struct asking *asking = user;

    challenge->token = asking->transcript->fresh_token;
    return 0;
}

static void set_credentials(struct asking *asking)
{
    const struct transcript *transcript = asking->transcript;
    interim_authentication authentication = INTERIM_AUTHENTICATION_INIT;

    authentication.scheme = transcript->scheme;
    authentication.clear_text = transcript->clear_text;
    authentication.user = transcript->user;
    authentication.password = transcript->password;
    authentication.token = transcript->token;
    if (transcript->fresh_token != NULL) {
        authentication.fresh = refresh;
        authentication.fresh_user = asking;
    }
    if (transcript->has_scheme)
        must(interim_request_set_authentication(asking->request, &authentication), "scheme");
    else if (transcript->user != NULL)
        must(interim_request_set_credentials(asking->request, transcript->user,
                                             transcript->password),
             "credentials");
}

static void set_third_party(struct asking *asking)
{
    if (asking->transcript->third_party.source != NULL)
        must(interim_request_set_third_party(asking->request, &asking->transcript->third_party),
             "third party");
}

static void set_body(struct asking *asking)
{
    const struct transcript *transcript = asking->transcript;

    asking->reading = (struct reading){transcript, 0, 0};
    if (transcript->has_body)
        must(interim_request_set_body(asking->request, transcript->body.data,
                                      transcript->body.length),
             "body");
    if (transcript->has_reader)
        must(interim_request_set_body_reader(asking->request, layer_read_body,
                                             layer_body_length(transcript), &asking->reading),
             "reader");
}

static char *translated(translate_fn translate, void *user, const char *text)
{
    interim__buffer out = {0};

    put(&out, "", 0);
    if (translate == NULL)
        put_text(&out, text);
    else
        translate(user, &out, text, strlen(text));
    return out.data;
}

void asking_begin(struct asking *asking, const struct transcript *transcript, struct log *log,
                  bool keep, translate_fn translate, void *user, int64_t divisor)
{
    char *text = translated(translate, user, transcript->url);

    *asking = (struct asking){.transcript = transcript, .log = log, .keep = keep};
    must(interim_request_new(&asking->request, transcript->method, text), text);
    free(text);
    for (size_t i = 0; i < transcript->field_count; i++) {
        text = translated(translate, user, transcript->field_values[i]);
        must(interim_request_add_header(asking->request, transcript->field_names[i], text), text);
        free(text);
    }
    set_third_party(asking);
    set_credentials(asking);
    set_body(asking);
    set_limits(asking, divisor);
    must(interim_request_set_expect(asking->request, transcript->expect), "expect");
    if (transcript->decoding)
        must(interim_request_set_decoding(asking->request, 1, transcript->decoded_max), "decoding");
    must(interim_request_on_event(asking->request, asking_event, asking), "on_event");
    if (transcript->verdict_count > 0)
        must(interim_request_on_poll(asking->request, judge, asking), "on_poll");
    if (!keep)
        must(interim_request_on_body(asking->request, take_body, asking), "on_body");
}

void asking_ended(struct asking *asking, const interim_result *result, const char *reuse)
{
    size_t size, count;
    const void *body = interim_result_body(result, &size);
    const interim_field *trailers = interim_result_trailers(result, &count);

    if (asking->keep)
        log_body(asking->log, body, size);
    log_trailers(asking->log, trailers, count);
    log_problem(asking->log, interim_result_problem(result));
    log_record(asking->log, "reason %s", interim_result_reason(result));
    log_end(asking->log, interim_outcome_name(interim_result_outcome(result)),
            interim_result_status(result), interim_result_error(result), reuse);
}

void asking_dispose(struct asking *asking)
{
    interim_request_free(asking->request);
}
