/// What followed `--` on the command line, as bytes; nil when there was no `--`.
enum ProgramArguments {
    static let typed = CommandLineArguments.split(CommandLineArguments.ofThisProcess).behind
}
