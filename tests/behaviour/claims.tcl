# What is claimed of superd, point by point, and the tests that prove it: a list that can't go out of date unnoticed.

# All tests that are in the sources, as SUITE::NAME.
proc all_tests {} {
	set tests {}
	foreach file [glob $::env(SRCDIR)/tests/{unit,behaviour}/{*,*/*}/test_*.c $::env(SRCDIR)/tests/behaviour/test_*.c] {
		foreach {all suite name} [regexp -all -inline {\((\w+), (\w+)[,)]} [read $file]] {
			dict set tests ${suite}::$name 1
		}
	}
	foreach file [glob $::env(SRCDIR)/tests/behaviour/*/*.tcl] {
		foreach {all word name} [regexp -all -inline -line {^(suite|test) (\w+)} [read $file]] {
			if {$word eq "suite"} { set suite $name } else { dict set tests ${suite}::$name 1 }
		}
	}
	return $tests
}

# Rows of a claim and its tests, SUITE::NAME, or read/LANGUAGE/NAME for a case of tests/read.
proc are_proven {claims} {
	set known [all_tests]
	foreach {claim tests} $claims {
		expect {[llength $tests] > 0} $claim
		foreach test $tests {
			set case $::env(SRCDIR)/tests/$test.superd.conf
			expect {[dict exists $known $test] || [exists $case]} "no $test: $claim"
		}
	}
}
