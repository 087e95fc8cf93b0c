/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_corpus: logs of invented systems in the formats of real ones, whose lines are known to come from this or that statement: what the miner is judged by in
 * the unit test and timed with in the benchmark. The same seed gives the same lines.
 */
#ifndef KDIAG_TEST_LOG_CORPUS_H
#define KDIAG_TEST_LOG_CORPUS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <kdiag/probe.h>

#include "common/str.h"

/*
 * A source: its header with its own fields, and its statements, the frequent ones first. "LEVEL|SOURCE|text". In texts: %n number, %i IPv4, %p IPv4:port, %P port, %f path, %u user, %h host, %x
 * hex, %U UUID, %s state, %c class, %b block, %w a word or two, %l list of numbers, %q quoted, %t time, %d duration with unit, %k key=value, %j JSON-like,
 * %S shard, %N sequence number, %e e-mail, %A ARN, %m module name, %% percent.
 */
struct log_corpus {
	const char *name, *header;
	const char *const *statements;
	size_t count;
};

/* A statement a line. */
/* clang-format off */
static const char *const corpus_syslog[] = {
    "|sshd[%n]|Accepted publickey for %u from %i port %P ssh2: RSA SHA256:%x",
    "|sshd[%n]|Failed password for invalid user %u from %i port %P ssh2",
    "|sshd[%n]|Failed password for %u from %i port %P ssh2",
    "|sshd[%n]|Connection closed by %i port %P [preauth]",
    "|sshd[%n]|Received disconnect from %i port %P:11: disconnected by user",
    "|CRON[%n]|(%u) CMD (%f)",
    "|sshd(pam_unix)[%n]|session opened for user %u by (uid=%n)",
    "|su(pam_unix)[%n]|session opened for user %u by (uid=%n)",
    "|sshd(pam_unix)[%n]|session closed for user %u",
    "|sshd(pam_unix)[%n]|check pass; user unknown",
    "|systemd[1]|Started Session %n of user %u.",
    "|systemd[1]|Starting Cleanup of Temporary Directories...",
    "|systemd[1]|Started Cleanup of Temporary Directories.",
    "|systemd[1]|%m.service: Succeeded.",
    "|systemd[1]|%m.service: Main process exited, code=exited, status=%n/FAILURE",
    "|systemd[1]|Stopping %m.service...",
    "|kernel|eth%n: link up, %n Mbps, full-duplex",
    "|kernel|eth%n: link down",
    "|kernel|Out of memory: Killed process %n (%m) total-vm:%nkB",
    "|kernel|CPU%n: Temperature above threshold, cpu clock throttled (total events = %n)",
    "|kernel|EXT4-fs (sda%n): mounted filesystem with ordered data mode",
    "|kernel|usb %n-%n: new high-speed USB device number %n using xhci_hcd",
    "|dhclient[%n]|DHCPREQUEST on eth%n to %i port 67",
    "|dhclient[%n]|DHCPACK from %i",
    "|dhclient[%n]|bound to %i -- renewal in %n seconds.",
    "|named[%n]|lame server resolving '%h' (in '%h'?): %i#53",
    "|postfix/smtpd[%n]|connect from %h[%i]",
    "|postfix/smtpd[%n]|disconnect from %h[%i]",
    "|postfix/qmgr[%n]|%x: from=<%e>, size=%n, nrcpt=%n (queue active)",
    "|ntpd[%n]|synchronized to %i, stratum %n",
    "|ntpd[%n]|kernel time sync enabled %n",
    "|ntpd[%n]|kernel time sync disabled %n",
};

static const char *const corpus_log4j[] = {
    "INFO|org.acme.storage.BlockReceiver|Receiving block %b src: /%p dest: /%p",
    "INFO|org.acme.storage.BlockReceiver|Received block %b of size %n from /%i",
    "INFO|org.acme.storage.Responder|Responder %n for block %b terminating",
    "INFO|org.acme.storage.Names|BLOCK* addStoredBlock: map updated: %p is added to %b size %n",
    "INFO|org.acme.storage.Names|BLOCK* delete: %b is added to invalidSet of %p",
    "INFO|org.acme.storage.Scanner|Verification succeeded for %b",
    "INFO|org.acme.storage.FileSet|Deleting block %b file %f",
    "INFO|org.acme.job.TaskAttemptImpl|%b TaskAttempt Transitioned from %s to %s",
    "INFO|org.acme.job.TaskImpl|%b Task Transitioned from %s to %s",
    "INFO|org.acme.job.JobImpl|job_%nJob Transitioned from %s to %s",
    "INFO|org.acme.job.Allocator|Before Scheduling: PendingReds:%n ScheduledMaps:%n AssignedMaps:%n",
    "INFO|org.acme.job.Allocator|After Scheduling: PendingReds:%n ScheduledMaps:%n AssignedMaps:%n",
    "INFO|org.acme.job.Event|Progress of TaskAttempt %b is : %n.%n",
    "INFO|org.acme.job.Launcher|Launching container %b for host %h",
    "INFO|org.acme.ipc.Server|Auth successful for %b (auth:SIMPLE)",
    "WARN|org.acme.ipc.Client|Address change detected. Old: %h/%p New: %h:%P",
    "WARN|org.acme.net.Stream|Slow ReadProcessor read fields took %nms (threshold=%nms); ack: seqno: %n",
    "ERROR|org.acme.ipc.Client|Failed to renew lease for [%b] for %n seconds. Will retry shortly ...",
    "ERROR|org.acme.ipc.Client|Error while contacting allocator: java.net.NoRouteToHostException on %h",
    "INFO|org.acme.util.Registry|Registering class %c for class %c",
    "INFO|org.acme.util.Metrics|Scheduled snapshot period at %n second(s).",
    "INFO|org.acme.util.Metrics|%c metrics system started",
    "INFO|org.acme.util.Metrics|%c metrics system stopped",
    "INFO|org.acme.exec.Executor|Running task %n.0 in stage %n.0 (TID %n)",
    "INFO|org.acme.exec.Executor|Finished task %n.0 in stage %n.0 (TID %n). %n bytes result sent to driver",
    "INFO|org.acme.exec.MemoryStore|Block %b stored as values in memory (estimated size %n.%n KB, free %n.%n KB)",
    "INFO|org.acme.exec.MemoryStore|Block %b stored as bytes in memory (estimated size %n.%n KB, free %n.%n KB)",
    "INFO|org.acme.exec.Fetcher|Started %n remote fetches in %n ms",
    "INFO|org.acme.exec.Security|Changing view acls to: %u",
    "INFO|org.acme.exec.Security|Changing modify acls to: %u",
};

static const char *const corpus_quorum[] = {
    "INFO|Election@%L|Notification time out: %n",
    "INFO|Connection@%L|Received connection request /%p",
    "INFO|Server@%L|Client attempting to establish new session at /%p",
    "INFO|Server@%L|Established session 0x%x with negotiated timeout %n for client /%p",
    "WARN|Worker@%L|Connection broken for id %n, my id = %n, error =",
    "WARN|Worker@%L|Interrupting SendWorker",
    "WARN|Worker@%L|Send worker leaving thread",
    "WARN|Conn@%L|Exception causing close of session 0x%x due to java.io.IOException: %c",
    "INFO|Server@%L|Closed socket connection for client /%p which had sessionid 0x%x",
    "INFO|Server@%L|Expiring session 0x%x, timeout of %nms exceeded",
    "INFO|Processor@%L|Processed session termination for sessionid: 0x%x",
    "INFO|Leader@%L|Synchronizing with Follower sid: %n maxCommittedLog=0x%x",
    "INFO|Election@%L|New election. My id =  %n, proposed zxid=0x%x",
    "ERROR|Learner@%L|Unexpected exception causing shutdown while sock still open",
    "INFO|Env@%L|Server environment:%m=%f",
};

static const char *const corpus_ras[] = {
    "INFO|KERNEL|instruction cache parity error corrected",
    "INFO|KERNEL|data cache parity error corrected",
    "INFO|KERNEL|generating core.%n",
    "INFO|KERNEL|%n double-hummer alignment exceptions",
    "INFO|KERNEL|CE sym %n, at 0x%x, mask 0x%x",
    "INFO|KERNEL|total of %n ddr error(s) detected and corrected",
    "FATAL|KERNEL|data TLB error interrupt",
    "FATAL|KERNEL|data storage interrupt",
    "FATAL|KERNEL|rts: kernel terminated for reason %n",
    "FATAL|APP|ciod: failed to read message prefix on control stream (CioStream socket to %p",
    "FATAL|APP|ciod: Error reading message prefix after LOGIN_MESSAGE on CioStream socket to %p: Link has been severed",
    "FATAL|APP|ciod: LOGIN chdir(%f) failed: No such file or directory",
    "ERROR|MMCS|idoproxydb hit ASSERT condition: ASSERT expression=%n Source file=%f Source line=%n Function=%c",
    "WARNING|DISCOVERY|Node card is not fully functional",
    "INFO|KERNEL|%n torus receiver z+ input pipe error(s) (dcr 0x%x) detected and corrected",
    "INFO|KERNEL|%n torus receiver y- input pipe error(s) (dcr 0x%x) detected and corrected",
    "SEVERE|MONITOR|While reading FanModule caught java.lang.IllegalStateException while executing I2C Operation",
};

static const char *const corpus_logcat[] = {
    "D|PowerService|acquire lock=%n, flags=0x%x, tag=\"%m\", name=com.acme.%m, ws=null, uid=%n, pid=%n",
    "D|PowerService|release:lock=%n, flg=0x%x, tag=\"%m\", name=com.acme.%m\", ws=null",
    "V|WindowThing|Skipping AppWindowToken{%x token=Token{%x ActivityRecord{%x u0 com.acme.%m/.%c t%n}}} -- going to hide",
    "D|WindowThing|printFreezingLogs opening app wtoken = AppWindowToken{%x token=Token{%x}}, allDrawn= false",
    "I|ActivityThing|Displayed com.acme.%m/.%c: +%nms",
    "I|ActivityThing|START u0 {act=android.intent.action.MAIN cmp=com.acme.%m/.%c} from pid %n",
    "W|ActivityThing|Slow operation: %nms so far, now at startProcess: done updating battery stats",
    "I|ActivityThing|Killing %n:com.acme.%m/u0a%n (adj %n): empty #%n",
    "D|StatusBar|updateNotification: key=%n",
    "D|StatusBar|onNotificationPosted: %x",
    "D|StatusBar|setSystemUiVisibility vis=%n mask=%n oldVal=%n",
    "V|Phone|getCallState",
    "V|Phone|isRadioOn",
    "E|Audio|requestAudioFocus() from %c",
    "E|Audio|abandonAudioFocus() from %c",
    "I|Display|ColorFade exit",
    "I|Display|ColorFade entry",
    "D|Sensor|setLightsOn(%w)",
    "I|Sensor|handleProximity: %n cm",
    "I|chatty|uid=%n(u0_a%n) expire %n lines",
};

static const char *const corpus_nginx[] = {
    "||%i - - [%T] \"GET %f HTTP/1.1\" 200 %n \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"",
    "||%i - %u [%T] \"POST %f HTTP/1.1\" 201 %n \"http://%h/%m\" \"curl/7.%n\"",
    "||%i - - [%T] \"DELETE %f HTTP/1.1\" 204 %n \"-\" \"Mozilla/5.0\"",
};

static const char *const corpus_apache[] = {
    "notice||worker.init() ok %f",
    "error||module_jk child worker in error state %n",
    "error|client %i|Directory index forbidden by rule: %f",
    "error|client %i|File does not exist: %f",
    "error|client %i|script not found or unable to stat: %f",
    "error|client %i|Invalid URI in request GET %f HTTP/1.0",
    "notice||child init %n %n",
    "notice||Graceful restart requested, doing restart",
    "warn||child process %n still did not exit, sending a SIGTERM",
    "notice||configured -- resuming normal operations",
    "error||found child %n in scoreboard slot %n",
    "notice||found child %n in scoreboard slot %n",
};

static const char *const corpus_cbs[] = {
    "Info|CBS|Loaded Servicing Stack v%n.%n with Core: %f",
    "Info|CBS|Session: %n_%n initialized by client %c.",
    "Info|CBS|Warning: Unrecognized packageExtended attribute.",
    "Info|CBS|Expecting attribute name [HRESULT = 0x%x - CBS_E_MANIFEST_INVALID_ITEM]",
    "Info|CBS|Failed to get next element [HRESULT = 0x%x - CBS_E_MANIFEST_INVALID_ITEM]",
    "Info|CBS|Read out cached package applicability for package: Package_for_KB%n~31bf~amd64~~%n, ApplicableState: %n, CurrentState:%n",
    "Info|CSI|%x Created NT transaction (seq %n) result 0x%x, handle @0x%x",
    "Info|CSI|%x@%n CSI perf trace:",
    "Info|CSI|%x Warning: Overlap: Component %m registers value twice",
    "Info|CBS|Starting TrustedInstaller initialization.",
    "Info|CBS|Ending TrustedInstaller initialization.",
    "Info|CBS|Starting TrustedInstaller finalization.",
    "Info|CBS|Ending TrustedInstaller finalization.",
    "Info|CBS|No startup processing required, TrustedInstaller service was not set as autostart",
    "Info|CBS|NonStart: Checking to ensure startup processing was not required.",
    "Info|CBS|NonStart: Success, startup processing not required as expected.",
    "Info|CBS|Reboot mark refs incremented to: %n",
};

static const char *const corpus_python[] = {
    "INFO|acme.compute.manager|[instance: %U] VM Started (Lifecycle Event)",
    "INFO|acme.compute.manager|[instance: %U] VM Stopped (Lifecycle Event)",
    "INFO|acme.compute.manager|[instance: %U] VM Paused (Lifecycle Event)",
    "INFO|acme.compute.claims|[instance: %U] Attempting claim: memory %n MB, disk %n GB, vcpus %n CPU",
    "INFO|acme.compute.claims|[instance: %U] Total memory: %n MB, used: %n.00 MB",
    "INFO|acme.compute.claims|[instance: %U] memory limit not specified, defaulting to unlimited",
    "INFO|acme.compute.claims|[instance: %U] Claim successful",
    "INFO|acme.wsgi.server|%i \"GET %f HTTP/1.1\" status: %n len: %n time: 0.%n",
    "INFO|acme.wsgi.server|%i \"POST %f HTTP/1.1\" status: %n len: %n time: 0.%n",
    "INFO|acme.virt.cache|image %U at (%f): checking",
    "INFO|acme.virt.cache|image %U at (%f): in use: on this node %n local, %n on other nodes sharing this instance storage",
    "WARNING|acme.virt.cache|Unknown base file: %f",
    "INFO|acme.virt.cache|Removable base files: %f",
    "INFO|acme.virt.driver|[instance: %U] Creating image",
    "INFO|acme.virt.driver|[instance: %U] Deleting instance files %f",
    "INFO|acme.virt.driver|[instance: %U] Deletion of %f complete",
    "INFO|acme.virt.driver|[instance: %U] Took %n.%n seconds to build instance.",
    "INFO|acme.virt.driver|[instance: %U] Took %n.%n seconds to spawn the instance on the hypervisor.",
    "WARNING|acme.virt.driver|[instance: %U] While synchronizing instance power states, found %n instances on the hypervisor.",
    "INFO|acme.jobs|user %u started job %m with priority %w",
    "ERROR|acme.jobs|job %m of user %u failed: exit code %n",
};

static const char *const corpus_lambda[] = {
    "||START RequestId: %U Version: $LATEST",
    "||END RequestId: %U",
    "||REPORT RequestId: %U\tDuration: %n.%n ms\tBilled Duration: %n ms\tMemory Size: %n MB\tMax Memory Used: %n MB",
    "INFO||processing batch of %n records from %S",
    "INFO||stored order %n for customer %n in %d",
    "WARN||slow write to table %m: %d",
    "ERROR||failed to put record %n of %n: ProvisionedThroughputExceededException",
    "ERROR||failed to put record %n of %n: ResourceNotFoundException",
    "INFO||checkpoint at sequence number %N of shard %S",
    "INFO||assumed role %A",
};

static const char *const corpus_kcl[] = {
    "INFO|s.a.k.coordinator.Scheduler|Current stream shard assignments: %S, %S",
    "INFO|s.a.k.coordinator.Scheduler|Sleeping ...",
    "INFO|s.a.k.leases.LeaseTaker|Worker %U saw %n total leases, %n available leases, %n workers. Target is %n leases, I have %n leases, I will take %n leases",
    "INFO|s.a.k.leases.LeaseRenewer|Worker %U lost lease with key %S - discovered during update",
    "INFO|s.a.k.leases.LeaseRenewer|Worker %U lost lease with key %S - discovered during renew",
    "INFO|s.a.k.lifecycle.ShardConsumer|Shard %S transitioned from %s to %s",
    "INFO|s.a.k.retrieval.Fetcher|Initializing shard %S with %N",
    "INFO|s.a.k.lifecycle.ProcessTask|Record processor for %S checkpointed at %N",
    "WARN|s.a.k.retrieval.Publisher|%S :: Failed to get records: %c",
    "ERROR|s.a.k.lifecycle.ShutdownTask|Application exception in shutdown of shard %S",
    "WARN|s.a.k.metrics.Cloud|Could not publish %n datums to CloudWatch",
};

static const char *const corpus_health[] = {
    "|Step_A|onStandStepChanged %n",
    "|Step_A|onExtend:%n %n %n %n",
    "|Step_B|getTodayTotalDetailSteps = %n##%n##%n",
    "|Step_B|setTodayTotalDetailSteps=%n##%n##%n",
    "|Step_C|calculateCaloriesWithCache totalCalories=%n",
    "|Step_C|calculateAltitudeWithCache totalAltitude=%n",
    "|Step_D|REPORT : %n %n %n %n",
    "|Step_D|onReceive action: android.intent.action.SCREEN_ON",
    "|Step_D|onReceive action: android.intent.action.SCREEN_OFF",
    "|Step_E|flush sensor data",
    "|Step_E|upLoadHealthData",
};

static const char *const corpus_proxy[] = {
    "|%m.exe|%h:%P open through proxy %h:%P HTTPS",
    "|%m.exe|%h:%P close, %n bytes sent, %n bytes received, lifetime 00:%n",
    "|%m.exe|%h:%P error : Could not connect through proxy %h:%P - Proxy server cannot establish a connection with the target, status code %n",
    "|%m.exe *64|%h:%P open directly",
};
/* clang-format on */

#define LOG_CORPUS(name, header, statements) \
	{ \
		name, header, statements, KD_COUNT(statements) \
	}

/* In headers %L is the level, %C the source; the rest as in statements. */
static const struct log_corpus log_corpora[] = {
    LOG_CORPUS("syslog", "Nov %D %H:%M:%M %1 %C: ", corpus_syslog),
    LOG_CORPUS("syslog iso", "2026-11-%DT%H:%M:%M.%n+00:00 %1 %C: ", corpus_syslog),
    LOG_CORPUS("log4j", "2026-11-%D %H:%M:%M,%3 %L [main-%n] %C: ", corpus_log4j),
    LOG_CORPUS("packed", "2611%D %H%M%M %n %L %C: ", corpus_log4j),
    LOG_CORPUS("short", "26/11/%D %H:%M:%M %L %C: ", corpus_log4j),
    LOG_CORPUS("quorum", "2026-11-%D %H:%M:%M,%3 - %L  [Peer[myid=%n]/0:0:0:0:0:0:0:0:2181:%C] - ", corpus_quorum),
    LOG_CORPUS("ras", "- 17178%n 2026.11.%D R%n-M%n-N%n 2026-11-%D-%H.%M.%M.%6 R%n-M%n-N%n RAS %C %L ", corpus_ras),
    LOG_CORPUS("logcat", "11-%D %H:%M:%M.%3  %n  %n %L %C: ", corpus_logcat),
    LOG_CORPUS("nginx", "", corpus_nginx),
    LOG_CORPUS("apache", "[Sun Nov %D %H:%M:%M 2026] [%L] ", corpus_apache),
    LOG_CORPUS("cbs", "2026-11-%D %H:%M:%M, %L                  %C    ", corpus_cbs),
    LOG_CORPUS("openstack", "app.log.1.2026-11-%D_%H:%M:%M 2026-11-%D %H:%M:%M.%3 %n %L %C [req-%U %x %x - - -] ",
	corpus_python),
    LOG_CORPUS("python", "2026-11-%D %H:%M:%M,%3 - %C - %L - ", corpus_python),
    LOG_CORPUS("lambda", "", corpus_lambda),
    LOG_CORPUS("kcl", "2026-11-%D %H:%M:%M,%3 [pool-%n-thread-%n] %L  %C [NONE] - ", corpus_kcl),
    LOG_CORPUS("piped", "202611%D-%H:%M:%M:%3|%C|%n|", corpus_health),
    LOG_CORPUS("proxy", "[11.%D %H:%M:%M] %C - ", corpus_proxy),
};

/* ---- values ---- */

struct corpus_random {
	uint64_t state;
};

static inline uint32_t
corpus_draw(struct corpus_random *random, uint32_t below)
{
	random->state = random->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((random->state >> 33) % below);
}

/* The first of a list far more often than the last, as in life. */
static inline size_t
corpus_draw_skewed(struct corpus_random *random, size_t count)
{
	size_t a = corpus_draw(random, (uint32_t)count), b = corpus_draw(random, (uint32_t)count);
	size_t c = corpus_draw(random, (uint32_t)count);

	a = a < b ? a : b;
	return a < c ? a : c;
}

#define CORPUS_PICK(random, list) ((list)[corpus_draw_skewed((random), KD_COUNT(list))])

static inline const char *
corpus_word(struct corpus_random *random, char kind)
{
	static const char *const users[] = {"root", "deploy", "alice", "bob", "carol", "www-data", "oracle", "test",
	    "news", "cyrus", "git", "mallory", "admin", "guest", "ftpuser", "zoe"};
	static const char *const hosts[] = {"db.example.org", "web-3", "mail.example.com", "cache7.eu.example.net",
	    "proxy.corp.example.com", "node-14", "ec2-3-4-5-6.compute.amazonaws.com", "orion", "vega"};
	static const char *const states[] = {"NEW", "RUNNING", "SUCCEEDED", "SCHEDULED", "INITED", "UNASSIGNED",
	    "SHUTTING_DOWN", "WAITING_ON_PARENT_SHARDS", "PROCESSING", "COMMIT_PENDING"};
	static const char *const classes[] = {"OrderWriter", "ShardSync", "SdkClientException", "EndOfStreamException",
	    "com.acme.audio.Focus", "MapTask", "ReduceTask", "FetchListener", "HttpServer2", "LeaseCoordinator"};
	static const char *const words[] = {"low", "high", "very high", "turbo", "background", "not so low", "batch"};
	static const char *const modules[] = {"apt-daily", "logrotate", "nginx", "chrome", "telemetry", "mailer",
	    "fstrim", "postgresql", "worker", "billing", "reaper"};

	switch (kind) {
	case 'u':
		return CORPUS_PICK(random, users);
	case 'h':
		return CORPUS_PICK(random, hosts);
	case 's':
		return CORPUS_PICK(random, states);
	case 'c':
		return CORPUS_PICK(random, classes);
	case 'w':
		return CORPUS_PICK(random, words);
	case 'm':
		return CORPUS_PICK(random, modules);
	default:
		return NULL;
	}
}

static inline void
corpus_add_value(struct str *out, struct corpus_random *random, char kind)
{
	const char *word = corpus_word(random, kind);
	uint32_t n = corpus_draw(random, 100000000), m = corpus_draw(random, 1000000);

	if (word != NULL)
		str_add(out, word);
	else if (kind == 'n')
		str_printf(out, "%u", n >> corpus_draw(random, 27));
	else if (kind == 'i')
		str_printf(out, "10.%u.%u.%u", n % 256, m % 256, n / 256 % 256);
	else if (kind == 'p')
		str_printf(out, "10.%u.%u.%u:%u", n % 256, m % 256, n / 256 % 256, 1024 + m % 60000);
	else if (kind == 'P')
		str_printf(out, "%u", 80 + n % 65000);
	else if (kind == 'f')
		str_printf(out,
		    n % 3 == 0   ? "/srv/%u/data%u"
		    : n % 3 == 1 ? "/var/lib/acme/part-%u.%u"
				 : "/etc/acme/x.conf",
		    n, m);
	else if (kind == 'x')
		str_printf(out, "%x%05x", n, m);
	else if (kind == 'U')
		str_printf(out, "%08x-%04x-4%03x-9%03x-%06x%06x", n, m % 65536, n % 4096, m % 4096, n % 16777216, m);
	else if (kind == 'b')
		str_printf(out, "%s_%u_%u", n % 2 ? "blk" : "attempt", n, m);
	else if (kind == 'T')
		str_printf(out, "%02u/Nov/2026:%02u:%02u:%02u +0000", n % 28 + 1, m % 24, n % 60, m % 60);
	else if (kind == 'd')
		str_printf(out, n % 2 ? "%u ms" : "%u.%us", m % 1000, m % 10);
	else if (kind == 'S')
		str_printf(out, "shardId-%012u", n % 64);
	else if (kind == 'N')
		str_printf(out, "4959%08u%08u%08u%08u%08u%08u%04u", n, m, n, n, m, n, m % 10000);
	else if (kind == 'e')
		str_printf(out, "user%u@example.org", n % 50);
	else if (kind == 'A')
		str_printf(out, "arn:aws:iam::%012u:role/orders-%u", n, m % 9);
	else if (kind == 'D')
		str_printf(out, "%02u", n % 28 + 1);
	else if (kind == 'H')
		str_printf(out, "%02u", n % 24);
	else if (kind == 'M')
		str_printf(out, "%02u", n % 60);
	else if (kind == '3')
		str_printf(out, "%03u", n % 1000);
	else if (kind == '6')
		str_printf(out, "%06u", m);
	else if (kind == '1')
		str_add(out, "bastion");
	else
		str_add_char(out, kind);
}

static inline void
corpus_expand(struct str *out, struct corpus_random *random, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && i + 1 < len)
			corpus_add_value(out, random, text[++i]);
		else
			str_add_char(out, text[i]);
	}
}

/* The first statement of the same text and level: they cannot be told apart. */
static inline size_t
corpus_first_like(const struct log_corpus *corpus, size_t which)
{
	const char *text = strchr(strchr(corpus->statements[which], '|') + 1, '|');
	size_t level_len = strcspn(corpus->statements[which], "|");

	for (size_t i = 0; i < which; i++)
		if (strcmp(strchr(strchr(corpus->statements[i], '|') + 1, '|'), text) == 0 &&
		    strncmp(corpus->statements[i], corpus->statements[which], level_len + 1) == 0)
			return i;
	return which;
}

/* Appends a line without newline; returns which statement wrote it. */
static inline size_t
log_corpus_line(const struct log_corpus *corpus, struct corpus_random *random, struct str *out)
{
	static const char node[] = "2026-11-%DT%H:%M:%M.%3Z\t%U\t";
	size_t which = corpus_draw_skewed(random, corpus->count);
	const char *statement = corpus->statements[which], *source = strchr(statement, '|') + 1;
	const char *text = strchr(source, '|') + 1;
	size_t level_len = (size_t)(source - 1 - statement), source_len = (size_t)(text - 1 - source);

	for (const char *s = corpus->header; *s != '\0'; s++) {
		if (s[0] != '%')
			str_add_char(out, *s);
		else if (*++s == 'L')
			str_add_len(out, statement, level_len);
		else if (*s == 'C' && source_len > 2 && memcmp(source + source_len - 2, "%L", 2) == 0)
			str_printf(out, "%.*s%zu", (int)source_len - 2, source, 100 + which * 7);
		else if (*s == 'C')
			corpus_expand(out, random, source, source_len);
		else
			corpus_add_value(out, random, *s);
	}
	if (*corpus->header == '\0' && level_len > 0) { /* Lambda's Node.js runtime */
		corpus_expand(out, random, node, strlen(node));
		str_add_len(out, statement, level_len);
		str_add_char(out, '\t');
	}
	if (strcmp(corpus->name, "apache") == 0 && source_len > 0) {
		str_add_char(out, '[');
		corpus_expand(out, random, source, source_len);
		str_add(out, "] ");
	}
	corpus_expand(out, random, text, strlen(text));
	return corpus_first_like(corpus, which);
}

#endif
