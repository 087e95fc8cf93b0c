/* SPDX-License-Identifier: Apache-2.0 */
/* kdiagd: options, config, run, undo. */
#include <event2/event.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/background.h"
#include "daemon/cli.h"
#include "daemon/config.h"
#include "daemon/daemon.h"
#include "daemon/metric_price.h"
#include "daemon/notify.h"
#include "daemon/once.h"
#include "daemon/wants.h"

enum { EXIT_USAGE = 2, EXIT_UNKNOWN = 3 };

/* libevent's own messages go through our log. */
static void
libevent_log_cb(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		log_warnx("libevent: %s", text);
}

/* The config, or NULL after all that is wrong with it stands on stderr. */
static struct config *
load(const struct cli *cli)
{
	struct config_report report = {0};
	struct config *config = config_load(cli->config, cli->probes, &report);
	size_t i;

	for (i = 0; i < report.count; i++)
		fprintf(stderr, "%s\n", report.lines[i]);
	if (config == NULL)
		fprintf(stderr, "%zu %s, nothing loaded\n", report.errors, report.errors == 1 ? "error" : "errors");
	config_report_clear(&report);
	return config;
}

static double
price_of(const struct config *config, const struct config_stream *stream)
{
	size_t count;
	struct collect_want *wants = wants_of_stream(config->plugins, stream, &count);
	double usd_month = metric_price_usd_day(wants, count) * METRIC_PRICE_MONTH_DAYS;

	free(wants);
	return usd_month;
}

/* Who names a thousand streams shall know what that costs before he pays it. */
static void
print_price(const struct config *config)
{
	static const char *const shards[] = {
	    [CONFIG_SHARDS_ON_TROUBLE] = "; those of single shards come on top while something is wrong",
	    [CONFIG_SHARDS_ALWAYS] = "; those of single shards come on top",
	    [CONFIG_SHARDS_NEVER] = "",
	};
	double usd_month = 0;
	size_t i;

	for (i = 0; i < config->streams_count; i++)
		usd_month += price_of(config, &config->streams[i]);
	if (config->streams_count > 0)
		printf("metrics cost about $%.2f a month%s\n", usd_month, shards[config->aws.shard_metrics]);
	for (i = 0; i < config->discover_count; i++) {
		const struct config_discover *rule = &config->discover[i];
		struct config_stream *one =
		    config_stream_discovered(config, rule->account, rule->regions[0], rule->match);

		printf("each stream that %s discovers costs about $%.2f a month\n", rule->match, price_of(config, one));
		config_stream_free(one);
	}
	if (config->aws.budget_usd_per_day > 0)
		printf("aws.budget_usd_per_day keeps all of it at $%.2f a day\n", config->aws.budget_usd_per_day);
}

static int
check(const struct cli *cli)
{
	struct config *config = load(cli);
	size_t i;

	if (config == NULL)
		return EXIT_FAILURE;
	for (i = 0; i < plugins_refused_count(config->plugins); i++)
		fprintf(stderr, "warning: %s\n", plugins_refused_why(config->plugins, i));
	printf("%s is good: %zu stream%s, %zu discover rule%s, %zu probe%s\n", cli->config, config->streams_count,
	    text_plural(config->streams_count), config->discover_count, text_plural(config->discover_count),
	    plugins_count(config->plugins), text_plural(plugins_count(config->plugins)));
	print_price(config);
	config_unref(config);
	return EXIT_SUCCESS;
}

static int
print_options(const struct cli *cli)
{
	struct plugins *plugins = plugins_open(cli->probes != NULL ? cli->probes : KDIAG_PROBES);
	char *text = config_describe_options(plugins, cli->json);

	puts(text);
	free(text);
	plugins_close(plugins);
	return EXIT_SUCCESS;
}

/* Until a signal ends it. */
static int
serve(struct daemon *daemon)
{
	char *cause = NULL;
	size_t count;

	if (daemon_serve(daemon, &cause) == -1)
		fatalx("%s", cause);
	count = schedule_count(daemon->schedule);
	log_info("kdiagd %s: watching %zu stream%s", KDIAG_VERSION, count, text_plural(count));
	notify_ready("watching %zu stream%s", count, text_plural(count));
	background_ready();
	event_base_dispatch(daemon->base);
	notify_stopping();
	return EXIT_SUCCESS;
}

static int
run(const struct cli *cli, struct config *config)
{
	struct daemon daemon = {0};
	struct event_base *base;
	char *cause = NULL;
	int status;

	if (!cli->foreground && !cli->once)
		background_enter();
	base = event_base_new();
	if (base == NULL)
		fatalx("libevent cannot start: are file descriptors at their limit?");
	if (daemon_start(&daemon, base, cli, config, &cause) == -1)
		fatalx("%s", cause);
	status = cli->once ? once_run(&daemon) : serve(&daemon);
	daemon_stop(&daemon);
	event_base_free(base);
	return status;
}

/* -1 is for cron, which mails what it reads: only what is wrong is said there. */
static enum log_level
level_of(const struct cli *cli, const struct config *config)
{
	if (cli->verbose > 0)
		return LOG_LEVEL_DEBUG;
	return cli->once ? LOG_LEVEL_WARNING : config->daemon.log_level;
}

int
main(int argc, char **argv)
{
	struct cli cli;
	struct config *config;
	char *cause = NULL;

	setlocale(LC_CTYPE, "C.UTF-8");
	mem_keep_apart();
	log_init("kdiagd");
	if (cli_parse(&cli, argc, argv) == -1)
		return EXIT_USAGE;
	if (cli.help || cli.version) {
		cli.help ? cli_usage() : (void)puts("kdiagd " KDIAG_VERSION);
		return EXIT_SUCCESS;
	}
	if (cli.options)
		return print_options(&cli);
	if (cli.check_only)
		return check(&cli);
	signal(SIGPIPE, SIG_IGN);
	event_set_log_callback(libevent_log_cb);
	notify_init();
	if (clock_init(&cause) == -1)
		fatalx("%s", cause);
	config = load(&cli);
	if (config == NULL)
		return cli.once ? EXIT_UNKNOWN : EXIT_FAILURE;
	log_set_level(level_of(&cli, config));
	return run(&cli, config);
}
