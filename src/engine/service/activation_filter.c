/* Asks what must be known before a client thaws or starts a service, one question after the other. Health checks
 * come first, because they are no clients. */
#include "engine/service/activation_filter.h"

#include "engine/drain/drain.h"
#include "engine/health/health_probes.h"
#include "engine/health/progress_proof.h"

bool activation_filter_ask(struct service_runtime *runtime)
{
	return drain_is_noting(runtime) || health_probes_filter(runtime) || progress_proof_filter(runtime);
}

void activation_filter_forget(struct service_runtime *runtime)
{
	health_probes_forget(runtime);
	progress_proof_forget(runtime);
}
