/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health: is the daemon itself getting on? Every few seconds: are the looks on time, does syslog take what it is given? Only then is the watchdog pinged: a bare
 * timer would ping it for a daemon that looks at nothing.
 */
#ifndef KDIAG_HEALTH_H
#define KDIAG_HEALTH_H

struct daemon;
struct health;

struct health *health_new(struct daemon *daemon);
void health_free(struct health *health);

#endif
