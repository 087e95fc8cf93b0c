/* SPDX-License-Identifier: Apache-2.0 */
/* cli: getopt and the usage text; acts on nothing. */
#include "daemon/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] = "usage: kdiagd [-f] [-c FILE] [-t] [-1] [-v] [--options] [--version]\n"
			    "  -f          stay in the foreground, log to stderr\n"
			    "  -c FILE     the config (/etc/kdiag/kdiagd.yaml)\n"
			    "  -t          check the config and exit (0 good, 1 not)\n"
			    "  -1          run every probe once, print the findings and exit\n"
			    "              (0 ok, 1 warning, 2 critical, 3 unknown)\n"
			    "  -v          log more\n"
			    "  --probes D  take the probes from folder D\n"
			    "  --options   list every option of the daemon and its probes\n"
			    "  --json      with -1 and --options: print JSON\n"
			    "  --version   print the version\n";

enum { OPT_OPTIONS = 256, OPT_VERSION, OPT_PROBES, OPT_JSON };

static const struct option long_options[] = {
    {"options", no_argument, NULL, OPT_OPTIONS},
    {"version", no_argument, NULL, OPT_VERSION},
    {"probes", required_argument, NULL, OPT_PROBES},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void
cli_usage(void)
{
	fputs(usage, stdout);
}

static int
take(struct cli *cli, int c)
{
	switch (c) {
	case 'f':
		cli->foreground = true;
		return 0;
	case 'c':
		cli->config = optarg;
		return 0;
	case 't':
		cli->check_only = true;
		return 0;
	case '1':
		cli->once = true;
		return 0;
	case 'v':
		cli->verbose++;
		return 0;
	case 'h':
		cli->help = true;
		return 0;
	case OPT_OPTIONS:
		cli->options = true;
		return 0;
	case OPT_VERSION:
		cli->version = true;
		return 0;
	case OPT_PROBES:
		cli->probes = optarg;
		return 0;
	case OPT_JSON:
		cli->json = true;
		return 0;
	default:
		return -1;
	}
}

int
cli_parse(struct cli *cli, int argc, char **argv)
{
	int c, bad = 0;

	memset(cli, 0, sizeof(*cli));
	cli->config = "/etc/kdiag/kdiagd.yaml";
	while ((c = getopt_long(argc, argv, "fc:t1vh", long_options, NULL)) != -1)
		bad |= take(cli, c) == -1;
	if (!bad && optind < argc) {
		fprintf(stderr, "kdiagd: what is \"%s\"? (kdiagd takes options only)\n", argv[optind]);
		bad = 1;
	}
	if (bad)
		fputs(usage, stderr);
	return bad ? -1 : 0;
}
