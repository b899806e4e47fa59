# The completions of superctl, asked with a superd that runs: the words behind a verb are its services. bash's is called as bash calls
# it; of zsh's the part that finds the services, with what stands around it in zsh replaced; fish says itself what it would offer.
suite completion

set folder $env(SRCDIR)/contrib/completion

proc run_superd {rows} {
	superd -control $rows
	node %/control
}

set rows {
	service web { listen = "127.0.0.1:0" exec = "/bin/cat" accept = yes user = "$user" }
	service mail { listen = "127.0.0.1:0" exec = "/bin/cat" accept = yes user = "$user" }
}

proc needs_shell {shell} { needs {[lindex [run /usr/bin/env $shell -c "exit 0"] 0] == 0} "there is no $shell here" }

# What bash offers for the last of these words, in their order.
proc offers {offered args} {
	lassign [run /usr/bin/env bash --norc -c {PATH=$(dirname "$1"):$PATH; . "$2" || exit; shift 2
complete -p superctl | grep -q -e '-F _superctl ' || exit
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _superctl
printf '%s\n' "${COMPREPLY[@]}" | sort} bash $::superctl $::folder/superctl.bash superctl {*}$args] status output errors
	expect {$status == 0 && $errors eq ""} $errors
	is $output "[join $offered \n]\n"
}

test of_bash_offers_the_services {
	needs_shell bash
	run_superd $rows
	log "mail: listening on"
	offers {mail web} --control %/control status ""
	offers mail --control = %/control restart web m
	offers "" --control %/control status x
	set env(SUPERD_CONTROL) [path control]
	offers {mail web} status ""
	offers {start status} sta
	offers "" diff ""
	offers {start status} help sta
}

# As units have them. What is typed is compared, and offered, as the shell reads it.
test of_bash_quotes_names_that_a_shell_would_change {
	needs_shell bash
	run_superd {service 'dev-a\x2db' { listen = "127.0.0.1:0" exec = "/bin/cat" accept = yes user = "$user" }}
	offers {{dev-a\\x2db}} --control %/control status ""
	offers {{dev-a\\x2db}} --control %/control status {dev-a\\x}
	offers {{dev-a\x2db}} --control %/control status {'dev-a\x}
	offers "" --control %/control status dev-ax
}

test of_bash_offers_nothing_without_a_superd {
	needs_shell bash
	offers "" --control %/control status ""
}

test of_zsh_offers_the_services {
	needs_shell zsh
	run_superd $rows
	log "mail: listening on"
	lassign [run /usr/bin/env zsh -f -c {path=($(dirname "$1") $path); control=$3
compadd() { print -rl -- ${(Po)2}; }
_call_program() { shift; eval "$*"; }
_arguments() { local -A opt_args; opt_args[--control]=$control; _superctl_services; }
. "$2"} zsh $superctl $folder/_superctl %/control] status output errors
	is $output "mail\nweb\n"
}

test of_fish_offers_the_services {
	needs_shell fish
	run_superd $rows
	log "mail: listening on"
	foreach {line words} {{status } {mail web} {--control=%/control status m} mail {rest} restart {reload --ch} {}} {
		lassign [run /usr/bin/env HOME=%/ fish --no-config -c {set -x PATH (dirname $argv[1]) $PATH; set -x SUPERD_CONTROL $argv[3]
source $argv[2]; complete -C "superctl $argv[4]" | string replace -r "\t.*" "" | sort} \
			$superctl $folder/superctl.fish [path control] [string map [list % [path ""]] $line]] status output errors
		expect {$status == 0 && $errors eq ""} $errors
		is $output [join [concat $words {{}}] \n]
	}
	file delete -force [path .local] [path .config] [path .cache]
}
