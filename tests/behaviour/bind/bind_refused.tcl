# Without CAP_SYS_ADMIN superd answers a bind(2) only of a program that gains no privileges, as by a set-user-id bit: --check
# says so. Where it can't answer at all, test_bind_refused.c says.
suite bind_refused
uses binding

proc lose_admin {} { if {[root]} { drop_capability sys_admin } }
proc checked {options} { lindex [answer --check -f [write two.conf [bind_table {"127.0.0.1:1"} $options ""]]] 2 }

# A developer's superd is not root's: nothing is said where the row asks for nothing.
test a_row_that_superd_cannot_carry_out_is_warned_of {
	needs_bind
	lose_admin
	lacks [checked ""] no_new_privileges
	lacks [checked "no_new_privileges = yes"] no_new_privileges
	has [checked "no_new_privileges = no"] "no_new_privileges = no: pass = bind: without CAP_SYS_ADMIN superd starts the\
		program with no_new_privileges"
}

proc gains_nothing {options value} {
	web {tcp4 bind=127.0.0.1:$port listen=5 serve=poll} $options
	has [read /proc/[pid web]/status] "\nNoNewPrivs:\t$value\n"
	stop
}

test a_program_gains_no_privileges_unless_the_row_says_so {
	gains_nothing "" 1
	gains_nothing "no_new_privileges = yes" 1
	if {[root]} { gains_nothing "no_new_privileges = no" 0 }
	lose_admin
	gains_nothing "" 1
	gains_nothing "no_new_privileges = no" 1
}
