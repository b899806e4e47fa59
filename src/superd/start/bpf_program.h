/* Compiles rules to BPF programs. Private to superd/start/cgroup_settings*. */
#pragma once

#include "lib/pool.h"
#include "superd/start/cgroup_settings.h"
#include "table/service/service.h"

/* Leaves *program empty if the service has no such option. false: out of memory. */
bool device_filter_make(const struct cgroup_filter_options *cgroup_filters, struct pool *pool,
			struct cgroup_bpf_program *program);

/* The programs for incoming and outgoing packets, likewise. 0, ENOMEM, or E2BIG: there are too many networks. */
int ip_filters_make(const struct cgroup_filter_options *cgroup_filters, struct pool *pool,
		    struct cgroup_bpf_program *ingress, struct cgroup_bpf_program *egress);

/* Whether the rule's name is known here: the path is a device, or the kind is in /proc/devices. */
struct device_rule;
bool device_rule_is_known(const struct device_rule *rule);
