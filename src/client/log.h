/* log.h - the event log's side that the client calls. May be included by client. */
#ifndef INTERIM_CLIENT_LOG_H
#define INTERIM_CLIENT_LOG_H

#include <interim.h>

/* Writes one event. A failure is counted and told by interim_log_close; it disturbs nobody. */
void interim__log_event(interim_log *log, const interim_event *event);

#endif
