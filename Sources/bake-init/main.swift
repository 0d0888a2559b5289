import BakeContract
import CGuest

// PID 1 of a baked image. Started by hand it only says what it would make of a configuration:
//
//     bake-init --verdict FILE...

if getpid() == 1 { Boot.run() }
exit(printVerdicts(commandLineArguments(on: LinuxSystem())))
