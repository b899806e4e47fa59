/* Ledgers from any bytes: what is taken for one says the same when it is written and read again, and every value looked
 * for as a number or as bytes is one within its bounds, or the fallback. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ledger.h"
#include "fuzzer.h"

static void write_again(struct ledger *ledger, struct buf *out)
{
	ledger_begin(out);
	for (size_t n = 0; n < ledger->count; n++) {
		const struct ledger_section *section = &ledger->sections[n];

		ledger_open(out, section->kind);
		for (size_t i = 0; i < section->count; i++)
			ledger_add(out, section->entries[i].key, section->entries[i].value);
	}
	ledger_end(out);
	require(!out->failed);
}

static void look(struct ledger_section *section)
{
	for (size_t n = 0; n < section->count; n++) {
		const char *key = section->entries[n].key;
		unsigned char bytes[16];
		size_t length;
		int64_t number = ledger_number(section, key, -5, 300, 7);
		void *taken = ledger_take_bytes(section, key, 32, &length);

		require(number >= -5 && number <= 300);
		require(!isnan(ledger_real(section, key, 0.)));
		require(!taken || (length && length <= 32));
		ledger_bytes(section, key, bytes, sizeof(bytes));
		free(taken);
	}
}

static const char *read_copy(struct ledger *ledger, const void *text, size_t length, struct buf *why)
{
	char *copy = malloc(length + 1);

	require(copy);
	memcpy(copy, text, length);
	copy[length] = '\0';
	return ledger_parse(ledger, copy, length, why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf why = { 0 }, out = { 0 };
	struct ledger ledger, again;

	if (!read_copy(&ledger, data, size, &why)) {
		write_again(&ledger, &out);
		require(!read_copy(&again, buf_string(&out), out.length, &why));
		require(again.count == ledger.count && again.entry_count == ledger.entry_count);
		for (size_t n = 0; n < ledger.entry_count; n++)
			require(!strcmp(ledger.entries[n].value, again.entries[n].value));
		for (size_t n = 0; n < ledger.count; n++)
			look(&ledger.sections[n]);
		ledger_free(&again);
	}
	ledger_free(&ledger);
	buf_free(&out);
	buf_free(&why);
	return 0;
}
