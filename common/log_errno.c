/* SPDX-License-Identifier: Apache-2.0 */
/* log_errno: owns the list, as the GNU C library has it; Go writes them in lower case. */
#include "common/log_errno.h"

#include <string.h>
#include <strings.h>

#include <kdiag/probe.h>

/* In order. */
static const char *const texts[] = {
    ".lib section in a.out corrupted",
    "Accessing a corrupted shared library",
    "Address already in use",
    "Address family not supported by protocol",
    "Advertise error",
    "Argument list too long",
    "Attempting to link in too many shared libraries",
    "Bad address",
    "Bad file descriptor",
    "Bad font file format",
    "Bad message",
    "Block device required",
    "Broken pipe",
    "Can not access a needed shared library",
    "Cannot allocate memory",
    "Cannot assign requested address",
    "Cannot exec a shared library directly",
    "Cannot send after transport endpoint shutdown",
    "Channel number out of range",
    "Communication error on send",
    "Connection refused",
    "Connection reset by peer",
    "Connection timed out",
    "Destination address required",
    "Device not a stream",
    "Device or resource busy",
    "Directory not empty",
    "Disk quota exceeded",
    "Exchange full",
    "Exec format error",
    "File descriptor in bad state",
    "File exists",
    "File name too long",
    "File too large",
    "Function not implemented",
    "Host is down",
    "Identifier removed",
    "Illegal seek",
    "Inappropriate ioctl for device",
    "Input/output error",
    "Interrupted system call",
    "Interrupted system call should be restarted",
    "Invalid argument",
    "Invalid cross-device link",
    "Invalid exchange",
    "Invalid or incomplete multibyte or wide character",
    "Invalid request code",
    "Invalid request descriptor",
    "Invalid slot",
    "Is a directory",
    "Is a named type file",
    "Key has been revoked",
    "Key has expired",
    "Key was rejected by service",
    "Level 2 halted",
    "Level 2 not synchronized",
    "Level 3 halted",
    "Level 3 reset",
    "Link has been severed",
    "Link number out of range",
    "Machine is not on the network",
    "Memory page has hardware error",
    "Message too long",
    "Multihop attempted",
    "Name not unique on network",
    "Network dropped connection on reset",
    "Network is down",
    "Network is unreachable",
    "No CSI structure available",
    "No XENIX semaphores available",
    "No anode",
    "No buffer space available",
    "No child processes",
    "No data available",
    "No locks available",
    "No medium found",
    "No message of desired type",
    "No route to host",
    "No space left on device",
    "No such device",
    "No such device or address",
    "No such file or directory",
    "No such process",
    "Not a XENIX named type file",
    "Not a directory",
    "Numerical argument out of domain",
    "Numerical result out of range",
    "Object is remote",
    "Operation already in progress",
    "Operation canceled",
    "Operation not permitted",
    "Operation not possible due to RF-kill",
    "Operation not supported",
    "Operation now in progress",
    "Out of streams resources",
    "Owner died",
    "Package not installed",
    "Permission denied",
    "Protocol driver not attached",
    "Protocol error",
    "Protocol family not supported",
    "Protocol not available",
    "Protocol not supported",
    "Protocol wrong type for socket",
    "RFS specific error",
    "Read-only file system",
    "Remote I/O error",
    "Remote address changed",
    "Required key not available",
    "Resource deadlock avoided",
    "Resource temporarily unavailable",
    "Socket operation on non-socket",
    "Socket type not supported",
    "Software caused connection abort",
    "Srmount error",
    "Stale file handle",
    "State not recoverable",
    "Streams pipe error",
    "Structure needs cleaning",
    "Text file busy",
    "Timer expired",
    "Too many levels of symbolic links",
    "Too many links",
    "Too many open files",
    "Too many open files in system",
    "Too many references: cannot splice",
    "Too many users",
    "Transport endpoint is already connected",
    "Transport endpoint is not connected",
    "Value too large for defined data type",
    "Wrong medium type",
};

/* The first of that letter; the number of texts: there is none. */
static size_t
find_first(char letter)
{
	size_t low = 0, high = KD_COUNT(texts);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (texts[middle][0] < letter)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
log_errno_match(const char *s, size_t len)
{
	char first = len > 0 && s[0] >= 'a' && s[0] <= 'z' ? (char)(s[0] - 'a' + 'A') : s[0];
	size_t best = 0;

	if (len < 4)
		return 0;
	for (size_t i = find_first(first); i < KD_COUNT(texts) && texts[i][0] == first; i++) {
		size_t n = strlen(texts[i]);

		if (n <= len && n > best && strncasecmp(texts[i], s, n) == 0 &&
		    (n == len || ((s[n] | 32) < 'a' || (s[n] | 32) > 'z')))
			best = n;
	}
	return best;
}
