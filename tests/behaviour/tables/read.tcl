# superd-read prints tables of other systems as superd.conf, which superd reads as the same services: tests/read has
# these. Here superd asks it, and believes no answer that is not as it must be.
suite read

set inetd {echo stream tcp nowait root internal
each stream tcp nowait.7 nobody /bin/cat cat 'a b' $x
deaf dgram udp wait root /bin/true true
}
set xinetd {service each
{
	type = UNLISTED
	port = 4711
	socket_type = stream
	protocol = tcp
	wait = no
	user = nobody
	server = /bin/cat
	server_args = -u "a\\b"
	instances = 3
	only_from = 127.0.0.0/8
	env = A=1 B=2
	env += C=${D}
}
}
set each "each stream tcp nowait nobody /bin/cat cat\n"
set reader $env(SUPERD_LIBEXEC)/superd-read

proc shell {line {shell /bin/sh}} { run $shell -c [uplevel 1 [list filled $line]] }

test superd_conf_is_refused_and_so_is_no_table {
	write superd.conf "service each {\n listen = \"80\"\n exec = \"/bin/true\"\n}\n"
	lassign [run $reader %/superd.conf] status output errors
	expect {$status == 1 && $output eq ""}
	has $errors "this is superd.conf, which superd reads itself"
	lassign [run $reader] status output errors
	expect {$status == 1}
	has $errors "superd-read: name a configuration"
}

test prints_all_keys_as_json {
	lassign [run $reader --keys] status output errors
	expect {$status == 0} $errors
	has [string map {\" '} $output] "\{'lists':\[\{'system':'systemd','title':'\[Unit]','keys':\[\{'name':'After'," \
		"\{'name':'MemoryMax','status':'supported','option':'memory_max'," \
		"\{'name':'RootImage','status':'refused','option':null,'reason':'superd mounts" 'system':'launchd'
}

# ---- answers of another superd-read ----

# A copy of superd that finds this script in place of superd-read.
proc superd_with {script} {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	needs {[file readable $::superd]} "this user may run superd's programs, and not copy them"
	if {![exists %/own]} {
		file mkdir [path own]
		file copy $::superd [path own/superd]
		copy_as_script [path own/superd-read]
	}
	write own/superd-read.sh $script 755
	path own/superd
}

proc refuses {script wanted} {
	write inetd.conf $::inetd
	lassign [run [superd_with $script] --check --keep-going -f %/inetd.conf] status output errors
	expect {$status == 1} $errors
	has $errors $wanted
}

# The script hears superd out: else superd may find the channel closed before it reads the answer.
set hear "cat <&1 >/dev/null\n"
set wrong ": the answer of superd-read is wrong"
set none ": superd-read has ended without an answer"
set refused "superd refuses what superd-read has written"

# Not even --keep-going goes on without the source.
test a_wrong_answer_of_superd_read_refuses_the_source {
	refuses "exit 0\n" "cannot read "
	foreach {script said} {
		{exit 0} $none
		{printf 'hello, this is no answer at all\n'} $none
		{printf '#hello\n'} $wrong
		{printf '#end\n'} $wrong
		{printf '# 1:1 \000\n'} $wrong
		{printf '#source\t\\-\t0\t0\t\\-\t\\-\t-1\t0\t0\t\n'} $wrong
		{kill -9 $$} $none
		{exit 98} $none
		{head -c 70000000 /dev/zero | tr '\000' x} ": cannot ask superd-read: File too large"
		{yes "$(printf '%01000d' 1)"} ": cannot ask superd-read: File too large"
	} {
		set heard [expr {$script in {{exit 0} {exit 98} {kill -9 $$}} ? "" : $hear}]
		refuses "$heard[filled $script]\n" [filled $said]
	}
}

# Each bit of memory more brings it to another place that asks for some.
test without_memory_it_ends_and_says_so {
	needs {![is_sanitized]} "a program without a sanitizer, which has memory of its own"
	write inetd.conf $inetd; write xinetd.conf $xinetd
	write own.socket "\[Socket]\nListenStream=127.0.0.1:4711\nListenStream=/run/own.sock\nSocketMode=0600\nAccept=no\n"
	write own.service {[Service]
ExecStart=/bin/cat -u %n "x y"
User=nobody
ProtectSystem=strict
Environment=A=1 B=2
}
	set memory_exit 98; set ended 0
	for {set kilobytes 1000} {$kilobytes < 8000} {incr kilobytes 64} {
		lassign [shell {ulimit -v $kilobytes && exec $reader inetd:%/inetd.conf xinetd:%/xinetd.conf %/own.socket}] \
			status output errors
		# The loader ends with 127, or crashes with the few KiB with which it has just mapped all.
		if {$status in {0 127} || ($status == 128 + 11 && !$ended)} continue
		has $errors memory
		incr ended [expr {$status == $memory_exit}]
	}
	expect {$ended > 0}
}

test a_reload_for_which_it_has_no_memory_changes_nothing {
	set own [superd_with "exec '$reader' \"\$@\"\n"]
	set port [free_port]
	superd -program $own -format inetd "127.0.0.1:$port stream tcp nowait $user /bin/echo echo here\n"
	log ": listening on "
	superd_with "exit 98\n"
	reload -refused "127.0.0.1:[free_port] stream tcp nowait $user /bin/echo echo here\n"
	log "superd-read has ended without an answer"
	set client [connect $port]
	is [line $client] here; close $client
}

proc refuses_service {text said} { refuses "${::hear}printf '%s\\n\}\\n#\\n' '$text'\n" $said }

test superd_takes_nothing_but_services_from_superd_read {
	refuses_service "defaults \{ user = root" $refused
	refuses_service "superd \{ log = stderr" $refused
	refuses_service "include(x)" $refused
	refuses_service "service a { listen = 80 } defaults \{" $refused
	refuses_service "service a \{ listen = 80 colour = red" "unknown option"
}

# Each += makes the whole list anew, and each option is looked for among those before it.
test superd_takes_no_service_of_thousands_of_options {
	refuses_service "service a \{ listen = 80 [string repeat "env += x " 4440]" $refused
}

test superd_takes_few_services_whose_lists_are_in_thousands_of_parts {
	set parts [string repeat "read_only_paths += /x " 2000]
	set one "printf '# 1:1 \"x\"\\nservice a { listen = 80 exec = /bin/true $parts\\n}\\n'\n"
	refuses "${hear}for i in 1 2 3 4 5 6 7 8 9; do\n${one}done\necho '#'\n" "$refused: too many lists in parts"
}

# A short text is a service of some KiB.
test superd_takes_a_hundred_thousand_services_and_no_more {
	refuses [filled {cd '%/own'
printf '# 1:1 "x"\nservice a { listen = 80 exec = /bin/true\n}\n' >all
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do
	cat all all >twice; mv twice all
done
$hear
cat all
}] "$refused: more than 100000 services"
	remove %/own/all
}

test a_superd_read_that_is_missing_is_an_error_of_its_sources_alone {
	write inetd.conf $inetd
	write superd.conf "service each { listen = \"80\" exec = \"/bin/true\" }\n"
	set own [superd_with "exit 0\n"]
	file attributes [path own/superd-read] -permissions 0644
	lassign [run $own --check --keep-going -f %/inetd.conf] status output errors
	needs {$status != 0} "superd's own programs are installed on this machine"
	has $errors "cannot read %/inetd.conf: superd's own program superd-read is missing"
	lassign [run $own --check --keep-going -f %/superd.conf] status output errors
	expect {$status == 0} $errors
}

# What a superd-read can do that was taken over by what it reads.
test superd_read_has_no_rights_but_to_read_files {
	path own/rights
	superd_with "exit 0\n"
	refuses {grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status >'%/own/rights'
[ ! -e /proc/$$/fd/0 ] && [ ! -e /proc/$$/fd/2 ] || echo 'has streams of superd' >>'%/own/rights'
} "superd-read has ended without an answer"
	set rights [read %/own/rights]
	expect {[regexp {^CapBnd:\s*(\w+)\s*NoNewPrivs:\s*1\s} $rights all bounding]} $rights
	lacks $rights streams
	# CAP_DAC_READ_SEARCH
	expect {![root] || ("0x$bounding" & ~(1 << 2)) == 0}
}

# ---- what is read ----

# The descriptors that the command line names, and standard input, are superd's.
test a_table_may_be_standard_input_or_an_open_descriptor {
	write inetd.conf $each
	write own.conf "service own { listen = 80 exec = \"/bin/cat\" }\n"
	foreach {line service} {
		{cat '%/inetd.conf' | '$superd' --print -f -} each
		{'$superd' --print -f inetd:/dev/fd/7 7<'%/inetd.conf'} each
		{'$superd' --print -f - <'%/own.conf'} own
	} {
		has [lindex [shell $line] 1] "service $service \{"
	}
}

# Also by a link, and in an import.
test an_open_descriptor_has_many_names {
	write inetd.conf $each
	write importing "import(\"inetd:/proc/self/fd/300\")\n"
	exec ln -s /dev/fd/300 [path link]
	foreach source {inetd:/dev/fd/300 inetd:/dev/fd/../fd/300 inetd:%/link superd:%/importing} {
		has [lindex [shell "'$superd' --print -f '$source' 300<'[path inetd.conf]'" /bin/bash] 1] "service each \{"
	}
	remove %/link
}

# xinetd.conf may begin so, too.
test an_empty_block_says_no_language {
	write v1 "defaults {\n}\n$xinetd"
	lassign [answer --print -f %/v1] status output errors
	expect {$status == 0} $errors
	has $output "service each \{"
}

# What superd may read, superd-read may: an ordinary user's superd may have the right from its own parent.
test a_right_to_read_that_superd_was_given_is_superd_reads_too {
	needs {[has_users]} "needs root, and a build that every user can reach"
	needs {[exists /usr/bin/setpriv]} "there is no setpriv here"
	write inetd.conf $each 600
	lassign [run /usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +dac_read_search \
		--ambient-caps +dac_read_search $superd --print -f %/inetd.conf] status output errors
	expect {$status == 0} $errors
	has $output "service each \{"
}
