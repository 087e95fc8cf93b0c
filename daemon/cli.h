/* SPDX-License-Identifier: Apache-2.0 */
/* cli: kdiagd's command line → struct cli. */
#ifndef KDIAG_CLI_H
#define KDIAG_CLI_H

#include <stdbool.h>

struct cli {
	bool foreground; /* -f: stay, log to stderr */
	bool check_only; /* -t */
	bool once;       /* -1 */
	bool options;    /* --options */
	bool json;       /* --json, with --options and -1 */
	bool version;
	bool help;
	int verbose;        /* -v: debug */
	const char *config; /* -c; "/etc/kdiag/kdiagd.yaml" */
	const char *probes; /* --probes: overrides daemon.probes; NULL: not */
};

/* 0, or -1 after a sentence and the usage on stderr: the exit status is 2 then. */
int cli_parse(struct cli *cli, int argc, char **argv);
void cli_usage(void); /* on stdout */

#endif
