#include "remains.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MASK 0x5a
#define REGION_MAX ((size_t)1 << 30) /* larger ones are a sanitizer's own */

static const unsigned char masked[REMAINS_LEN] = {
	'M' ^ MASK, 'a' ^ MASK, 'r' ^ MASK, 'k' ^ MASK, '-' ^ MASK, '7' ^ MASK, 'Q' ^ MASK, 'x' ^ MASK,
	'2' ^ MASK, 'v' ^ MASK, 'Z' ^ MASK, 'e' ^ MASK, '0' ^ MASK, 'K' ^ MASK, 'j' ^ MASK, '9' ^ MASK,
	'w' ^ MASK, 'T' ^ MASK, '4' ^ MASK, 'b' ^ MASK, 'Y' ^ MASK, 's' ^ MASK, '6' ^ MASK, 'n' ^ MASK,
};

void
remains_marker(char out[REMAINS_LEN])
{
	for (size_t i = 0; i < REMAINS_LEN; i++)
		((volatile char *)out)[i] = (char)(masked[i] ^ MASK);
}

__attribute__((no_sanitize("address", "thread", "undefined"), noinline)) static size_t
count_in(const volatile unsigned char *at, const volatile unsigned char *end)
{
	size_t count = 0;

	for (; at + REMAINS_LEN <= end; at++) {
		size_t same = 0;
		while (same < REMAINS_LEN && (at[same] ^ MASK) == masked[same])
			same++;
		count += same == REMAINS_LEN;
	}
	return count;
}

size_t
remains_count(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uintptr_t from, to;
	char line[512], mode[8];
	size_t count = 0;

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && mode[0] == 'r' && mode[1] == 'w' &&
		    to - from <= REGION_MAX)
			count += count_in((const volatile unsigned char *)from, (const volatile unsigned char *)to);
	if (maps)
		fclose(maps);
	return count;
}
