/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf_check: is a file whole enough to be given to dlopen()? The loader maps what the headers promise and then touches it: a file
 * that was cut short, or has zeros where a crash left them, ends the process by SIGBUS or SIGSEGV instead of an error.
 */
#ifndef KDIAG_ELF_CHECK_H
#define KDIAG_ELF_CHECK_H

#include <stdint.h>

/* NULL: a shared object of this machine that lies wholly within its size bytes. Else what is wrong: "is …: REMEDY". */
const char *elf_check(int fd, int64_t size);

#endif
