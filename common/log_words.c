/* SPDX-License-Identifier: Apache-2.0 */
/* log_words: owns the lists of words by which messages are told from the names in them; knows nothing of lines. */
#include "common/log_words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 24 }; /* no listed word is longer */

/*
 * Words that messages are made of: those found in the format strings of at least 36 of the programs and libraries of a Debian 12 system, and
 * the vocabulary of servers and queues. In order, lower case. What is not here is rather a name than a word.
 */
/* clang-format off */
static const char *const known[] = {
	"abbreviation", "able", "abort", "aborted", "aborting", "about", "above", "absolute", "abstract", "accept",
	"accepted", "access", "accessing", "according", "account", "acl", "acpi", "acquire", "acquired", "across",
	"action", "actions", "activate", "active", "actual", "actually", "add", "added", "adding", "addition",
	"additional", "addr", "address", "addresses", "adjust", "administrator", "after", "again", "against",
	"agent", "algorithm", "alias", "aliases", "align", "aligned", "alignment", "alive", "all", "alloc",
	"allocate", "allocated", "allocating", "allocation", "allocations", "allow", "allowed", "allows", "along",
	"alpha", "already", "also", "alternate", "alternative", "always", "ambiguous", "amount", "an", "ancestor",
	"and", "announce", "anonymous", "another", "answer", "any", "anything", "anyway", "api", "appear",
	"appears", "append", "appending", "application", "applied", "apply", "applying", "appropriate",
	"arbitrary", "arch", "architecture", "archive", "are", "area", "arg", "args", "argument", "arguments",
	"argv", "arithmetic", "around", "arp", "array", "arrays", "as", "ascii", "ask", "asked", "assertion",
	"assign", "assigned", "assignment", "associated", "assume", "assumed", "assuming", "async", "asynchronous",
	"at", "attach", "attached", "attempt", "attempted", "attempting", "attr", "attribute", "attributes",
	"audit", "authenticate", "authenticated", "authentication", "author", "auto", "automatic", "automatically",
	"available", "average", "avoid", "await", "awake", "back", "background", "backing", "backslash", "backup",
	"backward", "backwards", "bad", "balance", "base", "based", "basename", "basic", "batch", "battery", "be",
	"because", "become", "been", "before", "begin", "beginning", "beginread", "behavior", "behaviour", "being",
	"below", "best", "better", "between", "beyond", "big", "bigger", "bin", "binary", "bind", "binding",
	"bios", "bit", "bitmap", "bits", "blank", "block", "blocked", "blocking", "blocks", "body", "bogus",
	"bool", "boolean", "boot", "both", "bound", "boundary", "bounds", "branch", "break", "broadcast", "broken",
	"broker", "bucket", "buckets", "buffer", "buffers", "bug", "bugs", "build", "building", "builds", "built",
	"builtin", "bus", "busy", "but", "by", "byte", "bytes", "cache", "cached", "calculate", "call", "callback",
	"called", "caller", "calling", "calls", "can", "cancel", "candidate", "cannot", "canonical",
	"capabilities", "capacity", "capture", "card", "case", "cases", "cast", "cat", "catch", "caught", "cause",
	"caused", "causes", "cert", "certain", "certificate", "chain", "change", "changed", "changes", "changing",
	"channel", "char", "character", "characters", "chars", "charset", "chdir", "check", "checked", "checking",
	"checkpoint", "checks", "checksum", "child", "children", "chmod", "choose", "chroot", "chunk", "cipher",
	"circular", "class", "classes", "clause", "clean", "cleaning", "cleanup", "clear", "clearing", "client",
	"clock", "clone", "close", "closed", "closing", "cluster", "code", "codes", "collect", "collection",
	"collector", "colon", "color", "colors", "column", "columns", "com", "combination", "combine", "combined",
	"come", "comes", "comma", "command", "commands", "comment", "comments", "commit", "committed", "common",
	"communication", "compare", "comparing", "comparison", "compatibility", "compatible", "compilation",
	"compile", "compiled", "compiler", "compiling", "complete", "completed", "completely", "completion",
	"complex", "component", "components", "compress", "compressed", "compression", "compute", "computed",
	"computing", "condition", "conditional", "conditions", "conf", "config", "configuration", "configure",
	"configured", "confirm", "conflict", "conflicting", "conflicts", "connect", "connected", "connecting",
	"connection", "connections", "consider", "considered", "const", "constant", "constants", "constraint",
	"construct", "constructed", "construction", "constructor", "constructors", "consumer", "contain",
	"contained", "container", "containing", "contains", "content", "contents", "context", "continuation",
	"continue", "continuing", "control", "controller", "controls", "conversion", "convert", "converted",
	"converting", "cookie", "coordinator", "copied", "copies", "copy", "copying", "copyright", "core",
	"coreutils", "correct", "corrected", "correctly", "corresponding", "corrupt", "corrupted", "corruption",
	"cost", "could", "couldn", "count", "counter", "counts", "covariant", "cpu", "crash", "create", "created",
	"creates", "creating", "creation", "credentials", "critical", "cross", "ctrl", "currency", "current",
	"currently", "custom", "cycle", "daemon", "damaged", "data", "database", "date", "day", "deactivate",
	"deadline", "deadlock", "debug", "debugging", "decimal", "declaration", "declarations", "declared",
	"decode", "decoding", "decommission", "deep", "def", "default", "defaults", "defer", "define", "defined",
	"defines", "definition", "definitions", "delay", "delete", "deleted", "deleting", "delimiter", "delivery",
	"denied", "deny", "depart", "dependencies", "dependency", "dependent", "depends", "deploy", "deprecated",
	"depth", "dereference", "derived", "descendant", "described", "description", "descriptor", "descriptors",
	"desired", "destination", "destroy", "destructors", "detach", "detailed", "details", "detect", "detected",
	"detection", "determine", "determined", "device", "devices", "dhcp", "diagnostic", "dictionary", "did",
	"didn", "die", "diff", "differ", "difference", "different", "differs", "digest", "digit", "digits", "dir",
	"direct", "direction", "directive", "directly", "directories", "directory", "dirs", "disable", "disabled",
	"disabling", "disallowed", "discard", "discarded", "disconnect", "disconnected", "discovered", "disk",
	"dispatch", "display", "displayed", "distance", "distributed", "distribution", "divide", "division", "dma",
	"dns", "do", "document", "documentation", "does", "doesn", "doing", "domain", "don", "done", "dot",
	"double", "down", "downgrade", "download", "dpkg", "drain", "drive", "driver", "drop", "dropped",
	"dropping", "dry", "due", "dummy", "dump", "dumping", "dup", "duplicate", "duplicated", "duplicates",
	"duration", "during", "dynamic", "each", "earlier", "early", "echo", "edit", "effect", "effective",
	"either", "elect", "election", "element", "elements", "else", "email", "embedded", "emit", "empty",
	"enable", "enabled", "enables", "enabling", "encode", "encoded", "encoding", "encounter", "encountered",
	"encrypted", "encryption", "end", "ended", "endian", "endianness", "endif", "ending", "endpoint", "ends",
	"engine", "enough", "enqueue", "ensure", "enter", "entered", "entering", "entire", "entity", "entries",
	"entry", "enum", "enumerated", "enumeration", "env", "environment", "epoch", "equal", "equivalent", "err",
	"errno", "error", "errors", "escape", "escaped", "escapes", "establish", "established", "etc", "eval",
	"evaluate", "evaluation", "even", "event", "events", "every", "everything", "evict", "exact", "exactly",
	"example", "exceed", "exceeded", "exceeds", "except", "exception", "exclude", "excluded", "exclusive",
	"exec", "executable", "execute", "executed", "executing", "execution", "executor", "exhausted", "exist",
	"existing", "exists", "exit", "exited", "exiting", "exits", "expand", "expanded", "expanding", "expansion",
	"expect", "expected", "expecting", "expects", "experimental", "expire", "expired", "explicit",
	"explicitly", "exponent", "export", "expression", "expressions", "ext", "extend", "extended", "extension",
	"extensions", "extent", "extern", "external", "extra", "extract", "factor", "fail", "failed", "fails",
	"failure", "fall", "fallback", "falling", "false", "family", "fan", "far", "fast", "fatal", "fault",
	"feature", "features", "fetch", "fetching", "few", "field", "fields", "file", "filename", "filenames",
	"files", "filesystem", "fill", "filter", "filters", "final", "find", "finding", "finish", "finished",
	"firewall", "first", "fit", "fix", "fixed", "flag", "flags", "float", "floating", "flow", "flush",
	"flushing", "focus", "follow", "followed", "follower", "following", "follows", "font", "for", "forbidden",
	"force", "forced", "forcing", "foreach", "fork", "form", "format", "formats", "formatted", "formatting",
	"formed", "forms", "forward", "found", "foundation", "frame", "frames", "free", "freed", "freeze", "from",
	"fstat", "ftp", "full", "fully", "func", "function", "functionality", "functions", "further", "future",
	"garbage", "gateway", "gave", "general", "generate", "generated", "generating", "generation", "generator",
	"generic", "get", "getting", "gid", "give", "given", "gives", "giving", "glob", "global", "go", "going",
	"good", "got", "grant", "granted", "graph", "greater", "grep", "group", "groups", "guard", "guess", "gzip",
	"had", "halt", "handle", "handled", "handler", "handlers", "handling", "handshake", "hang", "happen",
	"hard", "hardware", "has", "hash", "have", "having", "head", "header", "headers", "health", "heap",
	"heartbeat", "height", "help", "helper", "here", "hex", "hexadecimal", "hidden", "high", "higher",
	"highest", "hint", "history", "hit", "hold", "home", "hope", "host", "hostname", "how", "however", "html",
	"http", "https", "hub", "human", "icon", "iconv", "id", "identical", "identifier", "identifiers",
	"identify", "idle", "if", "ignore", "ignored", "ignores", "ignoring", "illegal", "image", "images",
	"imaginary", "imap", "immediately", "implement", "implementation", "implemented", "implicit", "implied",
	"implies", "import", "imported", "impossible", "in", "inactive", "inc", "include", "included", "includes",
	"including", "incoming", "incompatible", "incomplete", "inconsistent", "incorrect", "incorrectly",
	"increase", "increasing", "increment", "indented", "index", "indicate", "indicates", "indicator",
	"indirect", "individual", "infinite", "info", "information", "inherited", "init", "initial",
	"initialization", "initialize", "initialized", "initializing", "initiate", "inject", "inline", "inner",
	"inode", "input", "insert", "inserted", "inserting", "inside", "install", "installation", "installed",
	"installing", "installs", "instance", "instances", "instead", "instruction", "instructions",
	"insufficient", "integer", "integrity", "intended", "interactive", "interface", "interfaces",
	"intermediate", "internal", "interpret", "interpreted", "interpreter", "interrupt", "interrupted",
	"interval", "into", "introduced", "invalid", "invocation", "invoke", "invoked", "invoking", "io", "ioctl",
	"ip", "irq", "is", "issue", "issues", "it", "item", "items", "iterate", "iteration", "iterations",
	"iterator", "its", "itself", "java", "job", "join", "joined", "journal", "json", "julian", "jump", "just",
	"jvm", "keep", "kernel", "key", "keyed", "keys", "keyword", "keywords", "kill", "killed", "kind", "know",
	"known", "label", "labels", "lacks", "lag", "lan", "lang", "language", "large", "larger", "last", "late",
	"latency", "later", "latest", "launch", "law", "layer", "layout", "lead", "leader", "leading", "leak",
	"learn", "lease", "least", "leave", "leaving", "left", "legacy", "length", "lengths", "less", "let",
	"letter", "letters", "level", "levels", "lib", "libraries", "library", "license", "licenses", "like",
	"likely", "limit", "limited", "limits", "line", "lines", "link", "linked", "linker", "linking", "links",
	"list", "listed", "listen", "listener", "listening", "listing", "lists", "literal", "little", "load",
	"loaded", "loading", "local", "locale", "locally", "locate", "located", "location", "locations", "lock",
	"locked", "locking", "locks", "log", "logging", "logical", "login", "logout", "long", "longer", "look",
	"looking", "looks", "lookup", "loop", "loops", "loss", "lost", "low", "lower", "mac", "machine", "macro",
	"macros", "made", "magic", "mail", "main", "maintenance", "major", "make", "makes", "making", "malformed",
	"malloc", "man", "manager", "mandatory", "manual", "manually", "many", "map", "mapped", "mapping", "maps",
	"mark", "marked", "marker", "mask", "master", "match", "matched", "matches", "matching", "math", "max",
	"maximum", "may", "maybe", "mean", "meaning", "means", "mechanism", "medium", "mem", "member", "members",
	"memory", "menu", "merge", "merged", "merging", "message", "messages", "meta", "metadata", "method",
	"methods", "metric", "middle", "might", "migrate", "min", "minimal", "minimum", "minor", "minutes",
	"misaligned", "mismatch", "mismatched", "mismatching", "miss", "missed", "missing", "mix", "mixed",
	"mkdir", "mmap", "mod", "mode", "model", "modes", "modification", "modified", "modifier", "modify",
	"module", "modules", "monitor", "month", "more", "most", "mount", "mounted", "move", "moved", "moving",
	"msg", "mtu", "much", "multi", "multiple", "must", "mutually", "my", "name", "named", "names", "namespace",
	"native", "near", "necessary", "need", "needed", "needs", "negative", "negotiate", "neither", "nested",
	"nesting", "net", "network", "never", "new", "newer", "newline", "next", "nfs", "nil", "no", "node",
	"nodes", "non", "none", "nonexistent", "nonzero", "nor", "normal", "normally", "not", "note", "notes",
	"nothing", "notice", "notification", "notify", "now", "ntp", "null", "number", "numbers", "numeric",
	"numerical", "object", "objects", "observe", "obsolete", "obtain", "occur", "occurred", "occurs", "octal",
	"odd", "of", "off", "offline", "offset", "offsets", "often", "ok", "old", "older", "omit", "omitted", "on",
	"once", "one", "ones", "online", "only", "op", "opcode", "open", "opened", "opening", "operand",
	"operands", "operate", "operating", "operation", "operations", "operator", "opt", "optimization", "option",
	"optional", "optionally", "options", "opts", "or", "order", "ordinary", "org", "origin", "original", "os",
	"other", "others", "otherwise", "our", "out", "output", "outside", "over", "overflow", "overflows",
	"overhead", "overlapping", "overridden", "override", "overrides", "overriding", "overwrite", "own",
	"owned", "owner", "ownership", "package", "packages", "packet", "pad", "padding", "page", "pager", "pages",
	"pair", "pairs", "parallel", "param", "parameter", "parameters", "params", "parent", "parentheses",
	"parenthesis", "parity", "parse", "parsed", "parser", "parsing", "part", "partial", "particular",
	"partition", "parts", "pass", "passed", "passes", "passing", "password", "past", "patch", "path",
	"pathname", "paths", "pattern", "patterns", "pause", "pci", "peer", "pending", "per", "percent",
	"percentage", "perform", "performance", "performed", "performing", "perhaps", "perl", "permission",
	"permissions", "permit", "permitted", "persist", "phase", "physical", "pid", "ping", "pipe", "pipeline",
	"place", "plain", "platform", "please", "plugin", "plus", "point", "pointer", "pointers", "points",
	"policy", "poll", "pool", "pop", "port", "portable", "portion", "position", "positive", "posix",
	"possible", "possibly", "post", "potentially", "power", "preceding", "precision", "preempt", "prefix",
	"prefixed", "prefixes", "premature", "prepare", "prepend", "preprocessor", "present", "preserve",
	"preserved", "press", "prevent", "previous", "previously", "primary", "prime", "print", "printed",
	"printer", "printf", "printing", "prints", "prior", "priority", "private", "privileges", "probably",
	"probe", "problem", "problems", "proc", "procedure", "process", "processed", "processes", "processing",
	"processor", "produce", "producer", "profile", "profiling", "program", "programs", "progress", "project",
	"prompt", "proper", "properly", "properties", "property", "protected", "protection", "protocol", "provide",
	"provided", "provider", "provides", "proxy", "pseudo", "public", "publish", "published", "pull", "purge",
	"purpose", "push", "put", "query", "queue", "quiet", "quit", "quorum", "quota", "quote", "quoted",
	"quotes", "race", "raid", "ram", "ran", "random", "range", "ranges", "rate", "rather", "ratio", "raw",
	"re", "reach", "reached", "read", "readable", "reading", "readonly", "reads", "ready", "real", "realloc",
	"really", "realpath", "reason", "rebalance", "reboot", "rebuild", "receive", "received", "recent",
	"recipient", "reclaim", "recognized", "recommended", "recompile", "reconnect", "record", "recorded",
	"records", "recover", "recovered", "recovery", "recurse", "recursion", "recursive", "recursively",
	"redefined", "redirect", "redistribute", "reduce", "reduced", "redundant", "ref", "refer", "reference",
	"referenced", "references", "refers", "refresh", "refuse", "refused", "refusing", "regenerate", "regex",
	"region", "register", "registered", "registration", "regular", "reject", "rejected", "related", "relative",
	"release", "released", "reload", "remain", "remaining", "remote", "removal", "remove", "removed",
	"removing", "rename", "renamed", "renaming", "renew", "repair", "repeat", "repeated", "replace",
	"replaced", "replacement", "replacing", "replica", "replicate", "reply", "report", "reported", "reporting",
	"reports", "represent", "representable", "representation", "represented", "request", "requested",
	"requests", "require", "required", "requires", "res", "reschedule", "reserve", "reserved", "reset",
	"resetting", "resize", "resolution", "resolve", "resolved", "resolving", "resource", "resources",
	"respond", "response", "rest", "restart", "restarted", "restore", "restoring", "restricted",
	"restrictions", "result", "resulting", "results", "resume", "ret", "retries", "retrieve", "retry",
	"return", "returned", "returning", "returns", "reuse", "reverse", "reversed", "revoke", "rewind", "right",
	"rights", "role", "roll", "rotate", "route", "router", "row", "rows", "rpc", "rule", "rules", "run",
	"running", "runs", "runtime", "safe", "safecall", "same", "sample", "sata", "save", "saved", "saving",
	"scalar", "scale", "scan", "scanner", "scanning", "schedule", "scheduler", "scheme", "scope", "screen",
	"script", "scripts", "scsi", "search", "searching", "sec", "second", "secondary", "seconds", "section",
	"sections", "secure", "security", "see", "seed", "seek", "seems", "seen", "segment", "segments", "select",
	"selected", "selecting", "selection", "self", "semaphores", "send", "sender", "sending", "sense",
	"sensitive", "sensor", "sent", "separate", "separated", "separator", "separators", "sequence", "sequences",
	"serial", "serve", "server", "service", "session", "set", "sets", "setting", "settings", "setup",
	"several", "severed", "sh", "shadow", "shard", "share", "shared", "shell", "shift", "short", "shorter",
	"should", "shouldn", "show", "shown", "shut", "shutdown", "side", "sign", "signal", "signals", "signature",
	"signatures", "signed", "signing", "silent", "similar", "simple", "simply", "since", "single", "site",
	"size", "sizeof", "sizes", "skip", "skipped", "skipping", "slash", "slave", "sleep", "slot", "slow",
	"small", "smaller", "smtp", "snapshot", "so", "socket", "software", "some", "something", "sorry", "sort",
	"sorted", "sorting", "source", "sources", "space", "spaces", "spawn", "spec", "special", "specific",
	"specification", "specified", "specifier", "specifies", "specify", "specifying", "speed", "splice",
	"split", "sprintf", "sql", "ssh", "ssl", "stack", "stage", "stale", "standard", "standby", "start",
	"started", "starting", "starts", "startup", "stat", "state", "statement", "statements", "states", "static",
	"statistics", "stats", "status", "stderr", "stdin", "stdout", "step", "still", "stop", "stopped",
	"stopping", "storage", "store", "stored", "storing", "stream", "streaming", "streams", "strict", "string",
	"strings", "strip", "struct", "structure", "structures", "stuff", "style", "sub", "subdirectory",
	"subject", "subprocess", "subscribe", "subscriber", "subset", "substitution", "subsystem", "succeed",
	"succeeded", "success", "successful", "successfully", "such", "suffix", "suffixes", "suggest", "suitable",
	"sum", "summary", "super", "supplied", "support", "supported", "supports", "suppress", "suppressed",
	"sure", "surrogate", "suspend", "suspended", "suspending", "swap", "switch", "switches", "switching",
	"symbol", "symbolic", "symbols", "symlink", "symlinks", "sync", "synchronize", "synchronized", "syntax",
	"sys", "system", "systemd", "systems", "tab", "table", "tables", "tag", "tags", "tail", "take", "taken",
	"takes", "target", "targets", "task", "tcp", "team", "tell", "temp", "temperature", "template",
	"temporary", "term", "terminal", "terminate", "terminated", "terminating", "terminator", "terms",
	"testing", "tests", "text", "than", "that", "the", "their", "them", "then", "there", "these", "they",
	"things", "third", "this", "those", "though", "thread", "threads", "three", "threshold", "throttle",
	"through", "throughput", "thunk", "thus", "tick", "time", "timed", "timeout", "timer", "timers", "times",
	"timestamp", "timestamps", "title", "tls", "to", "together", "toggle", "token", "tokens", "too", "tool",
	"tools", "top", "topic", "total", "touch", "trace", "track", "tracker", "traditional", "trailing",
	"transaction", "transfer", "transform", "transition", "translate", "translation", "transmit", "transport",
	"trap", "treat", "treated", "tree", "tried", "tries", "trigger", "triplet", "true", "truncate",
	"truncated", "truncating", "trust", "try", "trying", "ttl", "turn", "twice", "two", "txt", "type",
	"typeinfo", "types", "typewriter", "udp", "uid", "unable", "unary", "unavailable", "unbalanced", "unblock",
	"unchanged", "uncompressed", "undef", "undefined", "under", "underflow", "unexpected", "unexpectedly",
	"unhandled", "unhealthy", "unicode", "unicodestring", "unimplemented", "uninitialized", "union", "unique",
	"unit", "units", "universal", "unix", "unknown", "unless", "unlink", "unload", "unlock", "unmatched",
	"unmount", "unreachable", "unrecognized", "unregister", "unresponsive", "unsafe", "unset", "unsigned",
	"unsorted", "unspecified", "unsupported", "unterminated", "until", "unused", "up", "update", "updated",
	"updates", "updating", "upgrade", "upload", "upper", "uri", "url", "us", "usable", "usage", "usb", "use",
	"used", "useful", "user", "username", "users", "uses", "using", "usr", "usually", "utility", "valid",
	"validate", "validation", "validity", "value", "values", "variable", "variables", "variant", "variants",
	"various", "vars", "vector", "verbose", "verbosity", "verification", "verify", "version", "versions",
	"vertical", "very", "via", "video", "view", "violation", "virtual", "visibility", "visible", "visual",
	"void", "volume", "vote", "vtable", "wait", "waiting", "waitpid", "wake", "wan", "want", "wanted", "warn",
	"warning", "warnings", "warranty", "was", "watch", "watcher", "way", "we", "weak", "web", "week", "well",
	"were", "what", "when", "where", "whether", "which", "while", "whitespace", "whole", "whose", "wide",
	"widestring", "width", "wildcard", "will", "window", "windows", "with", "within", "without", "won", "word",
	"words", "work", "worker", "workflow", "working", "works", "would", "wrap", "wrapper", "writable", "write",
	"writes", "writing", "written", "wrong", "wrote", "xml", "year", "yes", "yet", "yield", "you", "your",
	"zero", "zlib", "zone",
};

/* Verbs and states that make one event another: told apart for ever, or "link up" and "link down" would become one. In order. */
static const char *const events[] = {
	"abort", "accept", "acquire", "activate", "add", "adds", "allocate", "allow", "attach", "begin", "begins",
	"bind", "block", "cancel", "clean", "clear", "close", "commit", "complete", "connect", "create",
	"deactivate", "deallocate", "decrease", "delete", "deregister", "detach", "disable", "disconnect",
	"discover", "dismount", "down", "download", "drain", "enable", "end", "enqueue", "enter", "evict", "exit",
	"expire", "export", "fetch", "find", "finish", "flush", "free", "freeze", "get", "gets", "grant", "import",
	"increase", "init", "initialize", "insert", "install", "invoke", "join", "joins", "kill", "launch",
	"leave", "listen", "load", "lock", "login", "logout", "lower", "merge", "mount", "move", "new", "obtain",
	"off", "offline", "old", "on", "online", "open", "pause", "pop", "publish", "pull", "purge", "push", "put",
	"puts", "raise", "read", "reads", "ready", "reboot", "receive", "reclaim", "recover", "register",
	"release", "reload", "remove", "rename", "renew", "replace", "request", "reset", "resize", "resolve",
	"restart", "resume", "retry", "return", "revoke", "roll", "run", "runs", "save", "scan", "schedule",
	"send", "sends", "set", "sets", "shut", "shutdown", "sleep", "spawn", "start", "stop", "store",
	"subscribe", "succeed", "success", "suspend", "switch", "synchronize", "terminate", "transmit", "trigger",
	"unbind", "unblock", "unfreeze", "uninstall", "unload", "unlock", "unmount", "unregister", "unsubscribe",
	"up", "update", "upload", "validate", "verify", "wait", "wake", "write", "yield",
};

/* Words of failure: an error must never hide in a template that is normal otherwise. In order. */
static const char *const failures[] = {
	"abend", "abort", "bad", "broken", "cannot", "conflict", "corrupt", "crash", "critical", "damage", "dead",
	"deadlock", "denied", "deny", "die", "drop", "duplicate", "error", "exceed", "exception", "exhaust",
	"expire", "fail", "failure", "fatal", "fault", "forbid", "forbidden", "hang", "illegal", "impossible",
	"inaccessible", "incorrect", "insufficient", "invalid", "kill", "leak", "lose", "loss", "lost",
	"malformed", "mismatch", "missing", "not", "overflow", "overload", "panic", "problem", "refuse", "reject",
	"severe", "stale", "stuck", "throttle", "timeout", "unable", "unauthorized", "unavailable", "uncaught",
	"unexpected", "unhandled", "unhealthy", "unknown", "unreachable", "violation", "warn", "warning", "wrong",
};

/* They say nothing alone. In order. */
static const char *const fillers[] = {
	"a", "about", "after", "again", "all", "already", "also", "an", "and", "any", "are", "as", "at", "be",
	"because", "been", "before", "behind", "being", "but", "by", "can", "could", "did", "do", "does", "each",
	"even", "ever", "for", "from", "had", "has", "have", "her", "here", "his", "how", "if", "in", "into", "is",
	"it", "its", "may", "me", "might", "more", "most", "must", "my", "no", "now", "of", "on", "onto", "or",
	"other", "our", "out", "over", "per", "please", "same", "shall", "she", "should", "since", "so", "some",
	"such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those",
	"through", "till", "to", "too", "under", "until", "upon", "via", "was", "we", "were", "what", "when",
	"where", "which", "while", "who", "whose", "why", "will", "with", "within", "without", "would", "yes",
	"yet", "you", "your",
};

/* What stands behind a number and belongs to it. In order. */
static const char *const units[] = {
	"b", "bps", "byte", "bytes", "d", "day", "days", "g", "gb", "gbps", "gib", "h", "hour", "hours", "hz", "k",
	"kb", "kbit", "kbps", "khz", "kib", "m", "mb", "mbps", "mhz", "mib", "microseconds", "millis",
	"milliseconds", "min", "mins", "minute", "minutes", "ms", "msec", "msecs", "nanoseconds", "ns", "pages",
	"pct", "percent", "s", "sec", "second", "seconds", "secs", "t", "tb", "tib", "us", "usec", "usecs", "week",
	"weeks",
};

/* Values that are no names. In order. */
static const char *const values[] = {
	"false", "nan", "nil", "none", "null", "true", "undefined",
};

/* What stands behind these must not be seen. In order. */
static const char *const secrets[] = {
	"auth", "authorization", "bearer", "cookie", "credential", "credentials", "key", "passcode", "passphrase",
	"passwd", "password", "pin", "pwd", "secret", "session", "signature", "token",
};
/* clang-format on */

#define FIND(list, word) (bsearch((word), (list), KD_COUNT(list), sizeof *(list), compare_words) != NULL)

static int
compare_words(const void *key, const void *member)
{
	return strcmp(key, *(const char *const *)member);
}

/* ---- words and lists by a hash: most words of a log are on none of them, and that must cost little ---- */

enum { ON_KNOWN = 1, ON_EVENTS = 2, ON_FAILURES = 4 };
enum { PLACES = 8192 }; /* a power of two, several times the words */

static struct {
	const char *word;
	unsigned lists;
} places[PLACES];
static bool is_ready;

_Static_assert(KD_COUNT(known) + KD_COUNT(events) + KD_COUNT(failures) < PLACES / 2, "the table is too full");

static size_t
place_of(const char *word)
{
	uint32_t hash = 2166136261u;
	size_t at;

	for (const char *s = word; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	for (at = (hash ^ hash >> 15) % PLACES; places[at].word != NULL && strcmp(places[at].word, word) != 0;)
		at = (at + 1) % PLACES;
	return at;
}

static void
put_words(const char *const *words, size_t count, unsigned list)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = place_of(words[i]);

		places[at].word = words[i];
		places[at].lists |= list;
	}
}

static unsigned
lists_of(const char *word)
{
	if (!is_ready) {
		put_words(known, KD_COUNT(known), ON_KNOWN);
		put_words(events, KD_COUNT(events), ON_EVENTS);
		put_words(failures, KD_COUNT(failures), ON_FAILURES);
		is_ready = true;
	}
	return places[place_of(word)].lists;
}

/* Of a word that ends so, with that instead; and with one consonant of two at the end: "stopped". */
static unsigned
lists_of_form(const char *word, size_t stem, const char *instead)
{
	char form[WORD_MAX + 2];
	unsigned lists;

	memcpy(form, word, stem);
	memcpy(form + stem, instead, strlen(instead) + 1);
	lists = lists_of(form);
	if (stem > 3 && form[stem - 1] == form[stem - 2] && *instead == '\0') {
		form[stem - 1] = '\0';
		lists |= lists_of(form);
	}
	return lists;
}

/* Of a word and its forms: "opened", "opens", "opening" are "open"; "closing" is "close"; "retries" is "retry". */
static unsigned
lists_of_forms(const char *word, size_t len)
{
	static const struct {
		const char *ending, *instead;
	} endings[] = {{"s", ""}, {"es", ""}, {"ies", "y"}, {"ed", ""}, {"ed", "e"}, {"ied", "y"}, {"ing", ""},
	    {"ing", "e"}, {"ly", ""}, {"ion", ""}, {"ion", "e"}, {"able", ""}};
	unsigned lists = lists_of(word);

	if (strchr("sdgyne", word[len - 1]) == NULL)
		return lists; /* no ending ends so */
	for (size_t i = 0; i < KD_COUNT(endings); i++) {
		size_t cut = strlen(endings[i].ending);

		/* "news" and "its" are no forms of "new" and "it". */
		if (len >= cut + (cut == 1 ? 4 : 3) && strcmp(word + len - cut, endings[i].ending) == 0)
			lists |= lists_of_form(word, len - cut, endings[i].instead);
	}
	return lists;
}

/* In lower case and with its end; false: too long to be listed, or not of letters. */
static bool
lower(const char *s, size_t len, char word[WORD_MAX + 1])
{
	if (len == 0 || len > WORD_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 'a' - 'A') : s[i];

		if (c < 'a' || c > 'z')
			return false;
		word[i] = c;
	}
	word[len] = '\0';
	return true;
}

enum log_words_list
log_words_find(const char *s, size_t len)
{
	char word[WORD_MAX + 1];
	unsigned lists;

	if (!lower(s, len, word))
		return LOG_WORDS_NONE;
	if (FIND(values, word))
		return LOG_WORDS_VALUE;
	if (FIND(fillers, word))
		return LOG_WORDS_FILLER;
	lists = lists_of_forms(word, len);
	if ((lists & ON_FAILURES) != 0)
		return LOG_WORDS_FAILURE;
	if ((lists & ON_EVENTS) != 0)
		return LOG_WORDS_EVENT;
	return (lists & ON_KNOWN) != 0 ? LOG_WORDS_KNOWN : LOG_WORDS_NONE;
}

bool
log_words_is_unit(const char *s, size_t len)
{
	char word[WORD_MAX + 1];

	return lower(s, len, word) && FIND(units, word);
}

bool
log_words_is_secret(const char *s, size_t len)
{
	char word[WORD_MAX + 1];
	size_t end = 0, out = 0;

	/* "api_key", "X-Auth-Token", "accessKey": the last part tells. */
	for (size_t i = 0; i < len; i++)
		if (s[i] == '_' || s[i] == '-' || s[i] == '.')
			end = i + 1;
	for (size_t i = end; i < len && s[i] >= 'a' && s[i] <= 'z'; i++)
		out = i;
	if (out + 1 < len && out >= end && s[out + 1] >= 'A' && s[out + 1] <= 'Z' &&
	    lower(s + out + 1, len - out - 1, word) && FIND(secrets, word))
		return true;
	return lower(s + end, len - end, word) && FIND(secrets, word);
}

/* They tell events apart, but are said of what is as it should be, too: "key not in cache", "kill -HUP", "1 expired session removed". In order. */
static const char *const mild_failures[] = {
    "abort",
    "drop",
    "dropped",
    "duplicate",
    "expire",
    "expired",
    "expires",
    "kill",
    "killed",
    "missing",
    "not",
    "stale",
    "unknown",
    "warn",
    "warning",
    "warnings",
};

static bool
tells_failure(const char *s, size_t len)
{
	char word[WORD_MAX + 1];

	if (lower(s, len, word) && FIND(mild_failures, word))
		return false;
	return (len > 9 && memcmp(s + len - 9, "Exception", 9) == 0) ||
	       (len > 5 && memcmp(s + len - 5, "Error", 5) == 0) || log_words_find(s, len) == LOG_WORDS_FAILURE;
}

bool
log_words_tell_failure(const char *text)
{
	while (*text != '\0') {
		size_t len = 0;

		while ((text[len] | 32) >= 'a' && (text[len] | 32) <= 'z')
			len++;
		if (len > 0 && tells_failure(text, len))
			return true;
		text += len > 0 ? len : 1;
	}
	return false;
}
