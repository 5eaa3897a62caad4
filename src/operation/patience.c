/* patience.c - see patience.h. */
#include "operation/patience.h"

#define NS_PER_S INT64_C(1000000000)

static void fill(int64_t *value, int64_t preset)
{
    if (*value == 0)
        *value = preset;
}

void interim__patience_fill(interim_patience *patience)
{
    fill(&patience->connect_ms, 10000);
    fill(&patience->head_ms, 30000);
    fill(&patience->silence_ms, 300000);
    fill(&patience->gap_warning_ms, 30000);
    fill(&patience->total_ms, INTERIM_FOREVER);
    fill(&patience->continue_ms, 1000);
    fill(&patience->stall_ms, 600000);
    if (patience->interim_rate == 0)
        patience->interim_rate = 100;
    if (patience->interim_burst == 0)
        patience->interim_burst = 16384;
}

static int64_t after(int64_t since, int64_t ms)
{
    return ms == INTERIM_FOREVER ? INTERIM__FAR : since + ms * INTERIM__NS_PER_MS;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void restart_quiet(interim__watchdog *dog, int64_t now)
{
    dog->quiet_since = now;
    dog->next_gap = after(now, dog->limits->gap_warning_ms);
}

void interim__watchdog_start(interim__watchdog *dog, const interim_patience *limits, int64_t now)
{
    dog->limits = limits;
    dog->start = dog->used_until = now;
    dog->total = after(now, limits->total_ms);
    dog->life = INTERIM__FAR;
    dog->longest = 0;
    interim__watchdog_enter(dog, INTERIM__PHASE_CONNECT, limits->silence_ms, now);
}

void interim__watchdog_enter(interim__watchdog *dog, interim__phase phase, int64_t silence_ms,
                             int64_t now)
{
    dog->phase = phase;
    dog->arrives =
        phase == INTERIM__PHASE_CONNECT ? after(now, dog->limits->connect_ms) : INTERIM__FAR;
    dog->silence_ns = silence_ms * INTERIM__NS_PER_MS;
    dog->head_until = INTERIM__FAR;
    restart_quiet(dog, now);
}

void interim__watchdog_moved(interim__watchdog *dog, int64_t now)
{
    if (dog->phase == INTERIM__PHASE_EXCHANGE)
        dog->arrives = after(now, dog->limits->stall_ms);
}

void interim__watchdog_activity(interim__watchdog *dog, int64_t now)
{
    restart_quiet(dog, now);
    if (dog->arrives != INTERIM__FAR)
        interim__watchdog_moved(dog, now);
}

void interim__watchdog_hurry(interim__watchdog *dog, int64_t silence_ms, int64_t now)
{
    int64_t silence_ns = silence_ms * INTERIM__NS_PER_MS;

    restart_quiet(dog, now);
    if (dog->phase == INTERIM__PHASE_EXCHANGE)
        dog->arrives = INTERIM__FAR;
    if (silence_ns < dog->silence_ns)
        dog->silence_ns = silence_ns;
}

static void note_silence(interim__watchdog *dog, int64_t now)
{
    if (dog->life != INTERIM__FAR && now - dog->life > dog->longest)
        dog->longest = now - dog->life;
}

void interim__watchdog_sent(interim__watchdog *dog, int64_t now)
{
    if (dog->life == INTERIM__FAR)
        dog->life = now;
    restart_quiet(dog, now);
}

void interim__watchdog_life(interim__watchdog *dog, int64_t now)
{
    note_silence(dog, now);
    dog->life = now;
    restart_quiet(dog, now);
}

void interim__watchdog_head_begins(interim__watchdog *dog, int64_t now)
{
    if (dog->head_until == INTERIM__FAR)
        dog->head_until = after(now, dog->limits->head_ms);
}

/* Each interim uses up what a second allows, divided by their rate; a burst of them may be used in
 * advance. */
bool interim__watchdog_admit(interim__watchdog *dog, int64_t now)
{
    const int64_t each = NS_PER_S / dog->limits->interim_rate;

    dog->used_until = (dog->used_until > now ? dog->used_until : now) + each;
    return dog->used_until - now <= each * dog->limits->interim_burst;
}

int64_t interim__watchdog_silence_ms(const interim__watchdog *dog, int64_t now)
{
    return dog->life == INTERIM__FAR ? 0 : (now - dog->life) / INTERIM__NS_PER_MS;
}

int64_t interim__watchdog_longest_ms(interim__watchdog *dog, int64_t now)
{
    note_silence(dog, now);
    return dog->longest / INTERIM__NS_PER_MS;
}

int64_t interim__watchdog_deadline(const interim__watchdog *dog)
{
    int64_t limit = earlier(dog->total, dog->arrives);

    if (dog->phase == INTERIM__PHASE_EXCHANGE)
        limit = earlier(earlier(limit, dog->next_gap),
                        earlier(dog->quiet_since + dog->silence_ns, dog->head_until));
    return limit;
}

static int check_exchange(interim__watchdog *dog, int64_t now)
{
    if (now >= dog->head_until)
        return INTERIM_EHEAD_TIMEOUT;
    if (now >= dog->quiet_since + dog->silence_ns)
        return INTERIM_ESILENCE;
    if (now >= dog->arrives)
        return INTERIM_ESTALLED;
    if (now < dog->next_gap)
        return 0;
    dog->next_gap = dog->quiet_since + 2 * (dog->next_gap - dog->quiet_since);
    return 1;
}

int interim__watchdog_check(interim__watchdog *dog, int64_t now)
{
    if (now >= dog->total) {
        note_silence(dog, now);
        return INTERIM_ETOTAL;
    }
    if (dog->phase == INTERIM__PHASE_CONNECT)
        return now >= dog->arrives ? INTERIM_ECONNECT_TIMEOUT : 0;
    return dog->phase == INTERIM__PHASE_EXCHANGE ? check_exchange(dog, now) : 0;
}
