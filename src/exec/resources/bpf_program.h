/* From rules to BPF programs. Private to exec/resources/cgroup_settings*. */
#pragma once

#include "base/pool.h"
#include "config/service/service.h"
#include "exec/resources/cgroup_settings.h"

/* Each leaves *program empty where the row asks for nothing. false: out of memory. */
bool device_filter_make(const struct cgroup_filter_options *cgroup_filters, struct pool *pool,
			struct cgroup_bpf_program *program);

/* 0, ENOMEM, or E2BIG: too many networks. */
int ip_filters_make(const struct cgroup_filter_options *cgroup_filters, struct pool *pool,
		    struct cgroup_bpf_program *ingress, struct cgroup_bpf_program *egress);

/* Whether the name of a rule is known here: the path is a device, the kind is in /proc/devices. */
struct device_rule;
bool device_rule_is_known(const struct device_rule *rule);
