/* Types of load_credential and set_credential. A message must not show the value of a credential, so a wrong
 * set_credential is reported by its place alone (table/words/passed_fds). */
#include "table/type/type_internal.h"
#include "table/words/passed_fds.h"

#define MOST_CREDENTIALS "a service has 256 of these at most"

const struct type type_loaded_credentials = {
	.name = "list of credentials", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.most = CREDENTIALS_MOST, .too_many = MOST_CREDENTIALS, .refuse = load_credential_refuse,
};

const struct type type_set_credentials = {
	.name = "list of credentials with values", .kind = FIELD_WORDS, .is_list = true, .is_secret = true,
	.most = CREDENTIALS_MOST, .too_many = MOST_CREDENTIALS, .refuse = set_credential_refuse,
};
