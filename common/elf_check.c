/* SPDX-License-Identifier: Apache-2.0 */
/* elf_check: knows the ELF headers that dlopen() trusts; opens, maps and runs nothing. */
#include "common/elf_check.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* What ld makes has about 12 program headers and 30 dynamic entries. */
enum { HEADERS_MAX = 64, DYNAMIC_MAX = 512 };

/* The linker's name for the header of the program that runs: whatever machine that is built for, a probe must be too. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static const char *const CUT = "is cut short: install it again";
static const char *const GARBAGE = "is no shared object: build it with cc -fPIC -shared";

struct object {
	int fd;
	uint64_t size;
	ElfW(Ehdr) header;
	ElfW(Phdr) segments[HEADERS_MAX];
};

static bool
is_within(uint64_t offset, uint64_t len, uint64_t size)
{
	return offset <= size && len <= size - offset;
}

static bool
read_at(const struct object *object, void *to, size_t len, uint64_t offset)
{
	return is_within(offset, len, object->size) && pread(object->fd, to, len, (off_t)offset) == (ssize_t)len;
}

static const char *
check_header(struct object *object)
{
	const ElfW(Ehdr) *header = &object->header;

	if (!read_at(object, &object->header, sizeof(object->header), 0))
		return GARBAGE;
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return GARBAGE;
	if (header->e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
	    header->e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] || header->e_machine != __ehdr_start.e_machine)
		return "is built for another kind of machine: build it on this one";
	if (header->e_type != ET_DYN || header->e_version != EV_CURRENT)
		return GARBAGE;
	if (header->e_phnum == 0 || header->e_phnum > HEADERS_MAX || header->e_phentsize != sizeof(ElfW(Phdr)))
		return GARBAGE;
	/* The loader needs no section headers, but they stand at the end: the first to go when a copy breaks off. */
	if (header->e_shnum > 0 &&
	    !is_within(header->e_shoff, (uint64_t)header->e_shnum * header->e_shentsize, object->size))
		return CUT;
	return NULL;
}

static const char *
check_segments(struct object *object)
{
	size_t count = object->header.e_phnum, loads = 0;

	if (!read_at(object, object->segments, count * sizeof(object->segments[0]), object->header.e_phoff))
		return CUT;
	for (size_t i = 0; i < count; i++) {
		const ElfW(Phdr) *segment = &object->segments[i];

		if (segment->p_type == PT_NULL || segment->p_type == PT_GNU_STACK)
			continue;
		if (!is_within(segment->p_offset, segment->p_filesz, object->size))
			return CUT;
		if (segment->p_type == PT_LOAD && segment->p_filesz > segment->p_memsz)
			return GARBAGE;
		loads += segment->p_type == PT_LOAD;
	}
	return loads > 0 ? NULL : GARBAGE;
}

/* Does memory at the address come from the file? */
static bool
is_loaded(const struct object *object, uint64_t address, uint64_t len)
{
	for (size_t i = 0; i < object->header.e_phnum; i++) {
		const ElfW(Phdr) *segment = &object->segments[i];

		if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
		    is_within(address - segment->p_vaddr, len, segment->p_filesz))
			return true;
	}
	return false;
}

/* The value of a tag among the dynamic entries; 0: not there, or outside of the file. */
static uint64_t
find_dynamic(const struct object *object, const ElfW(Dyn) * entries, size_t count, int64_t tag)
{
	for (size_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++)
		if (entries[i].d_tag == tag)
			return is_loaded(object, entries[i].d_un.d_val, 1) || tag == DT_STRSZ ? entries[i].d_un.d_val
											      : 0;
	return 0;
}

/* The tables without which the loader follows a null pointer. */
static const char *
check_dynamic(const struct object *object)
{
	ElfW(Dyn) entries[DYNAMIC_MAX];
	const ElfW(Phdr) *dynamic = NULL;
	size_t count;
	uint64_t names;

	for (size_t i = 0; i < object->header.e_phnum; i++)
		if (object->segments[i].p_type == PT_DYNAMIC)
			dynamic = &object->segments[i];
	if (dynamic == NULL || dynamic->p_filesz > sizeof(entries))
		return GARBAGE;
	count = dynamic->p_filesz / sizeof(entries[0]);
	if (!read_at(object, entries, count * sizeof(entries[0]), dynamic->p_offset))
		return CUT;
	names = find_dynamic(object, entries, count, DT_STRTAB);
	if (names == 0 || find_dynamic(object, entries, count, DT_SYMTAB) == 0 ||
	    !is_loaded(object, names, find_dynamic(object, entries, count, DT_STRSZ)) ||
	    (find_dynamic(object, entries, count, DT_GNU_HASH) == 0 &&
		find_dynamic(object, entries, count, DT_HASH) == 0))
		return "is damaged: install it again";
	return NULL;
}

const char *
elf_check(int fd, int64_t size)
{
	struct object object = {.fd = fd, .size = (uint64_t)size};
	const char *why;

	if ((why = check_header(&object)) != NULL || (why = check_segments(&object)) != NULL)
		return why;
	return check_dynamic(&object);
}
