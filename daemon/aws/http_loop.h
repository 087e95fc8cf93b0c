/* SPDX-License-Identifier: Apache-2.0 */
/* http_loop: a libcurl multi handle driven by libevent. A part of the room http: it knows libcurl. */
#ifndef KDIAG_AWS_HTTP_LOOP_H
#define KDIAG_AWS_HTTP_LOOP_H

#include <curl/curl.h>

struct event_base;
struct http_loop;

/* A transfer has ended. From the loop; the callback may add and remove any handles. */
typedef void (*http_loop_done_cb)(CURL *easy, CURLcode code, void *arg);

/* NULL: libcurl is out of memory. */
struct http_loop *http_loop_new(struct event_base *base, http_loop_done_cb done, void *arg);
/* No handle may be in it any more. */
void http_loop_free(struct http_loop *loop);
/* The sockets of this handle are opened, kept watch over and closed by the loop. Before the handle's first transfer, and after each curl_easy_reset(). */
void http_loop_adopt(struct http_loop *loop, CURL *easy);
CURLM *http_loop_multi(struct http_loop *loop);

#endif
