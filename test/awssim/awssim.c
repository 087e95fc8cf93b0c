/* SPDX-License-Identifier: Apache-2.0 */
/*
 * awssim: kdiag-awssim, an AWS of our own on 127.0.0.1 for tests and the demo: options, the parts in order, the loop.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/aws/sign.h"
#include "test/awssim/call.h"
#include "test/awssim/imds.h"
#include "test/awssim/server.h"
#include "test/awssim/wire.h"

enum { DEFAULT_PORT = 4566, REQUEST_IDS = 4, USAGE = 2 };

struct options {
	uint16_t port;
	bool quiet;
	const char *scenario;
};

static void __attribute__((noreturn)) usage(void)
{
	fputs("usage: kdiag-awssim [-p PORT] [-q] SCENARIO.yaml\n"
	      "  -p PORT  on 127.0.0.1 (4566; 0: any that is free)\n"
	      "  -q       do not print the port\n",
	    stderr);
	exit(USAGE);
}

static void
read_options(struct options *options, int argc, char **argv)
{
	int64_t port;
	int opt;

	*options = (struct options){.port = DEFAULT_PORT};
	while ((opt = getopt(argc, argv, "p:q")) != -1) {
		if (opt == 'q')
			options->quiet = true;
		else if (opt == 'p' && text_parse_integer(optarg, &port) == 0 && port >= 0 && port <= UINT16_MAX)
			options->port = (uint16_t)port;
		else
			usage();
	}
	if (optind != argc - 1)
		usage();
	options->scenario = argv[optind];
}

static void
start(struct sim *sim, const char *path)
{
	char *cause = NULL;

	if (clock_init(&cause) != 0 || sign_init(&cause) != 0 || (sim->scenario = scenario_load(path, &cause)) == NULL)
		fatalx("%s", cause);
	sim->base = event_base_new();
	if (sim->base == NULL)
		fatalx("libevent cannot start");
	sim->start_mono_ms = clock_mono_ms();
	sim->world = world_new(sim->scenario);
	sim->keyring = keyring_new(sim->scenario);
	sim->imds = imds_new(sim);
	sim->wire = wire_new(sim->base);
	seed_init(&sim->request_ids, sim->scenario->seed, REQUEST_IDS);
}

static void
stop(struct sim *sim)
{
	wire_free(sim->wire);
	imds_free(sim->imds);
	keyring_free(sim->keyring);
	world_free(sim->world);
	scenario_free(sim->scenario);
	event_base_free(sim->base);
	sign_forget();
}

static void
signal_cb(evutil_socket_t signal_number, short what, void *arg)
{
	(void)signal_number;
	(void)what;
	event_base_loopbreak(arg);
}

static void
run(struct sim *sim)
{
	struct event *term = evsignal_new(sim->base, SIGTERM, signal_cb, sim->base);
	struct event *interrupt = evsignal_new(sim->base, SIGINT, signal_cb, sim->base);

	event_add(term, NULL);
	event_add(interrupt, NULL);
	event_base_dispatch(sim->base);
	event_free(term);
	event_free(interrupt);
}

int
main(int argc, char **argv)
{
	static struct sim sim;
	struct options options;
	struct server *server;
	char *cause = NULL;

	log_init("kdiag-awssim");
	read_options(&options, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	start(&sim, options.scenario);
	server = server_new(&sim, options.port, &cause);
	if (server == NULL)
		fatalx("%s", cause);
	if (!options.quiet) {
		printf("listening on 127.0.0.1:%u\n", server_port(server));
		fflush(stdout);
	}
	run(&sim);
	server_free(server);
	stop(&sim);
	return 0;
}
