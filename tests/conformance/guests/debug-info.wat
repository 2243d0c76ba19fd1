;; Debug information that calls every function `told`.
(component
  (core module $m
    (func $named (export "fail") unreachable)
    (@custom ".debug_abbrev"
      "\01\11\01\11\01\12\06\00\00\02\2e\01\03\08\11\01\12\06\00\00\03\1d\01\11\01\12\06\00"
      "\00\00")
    (@custom ".debug_info"
      "\20\00\00\00\04\00\00\00\00\00\04\01\00\00\00\00\ff\ff\00\00\02\74\6f\6c\64\00\00\00"
      "\00\00\ff\ff\00\00\00\00"))
  (core instance $i (instantiate $m))
  (func (export "fail") (canon lift (core func $i "fail"))))
