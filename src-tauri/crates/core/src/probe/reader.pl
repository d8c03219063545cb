# Answers questions in place of the shell that started it: see reader.rs. It must hold no single quote. Arguments: the
# files. On descriptor 3: one line, the last marker that the shell has printed.
use strict;

my $most = 1_000_000;
my @files = @ARGV;

open my $marker, "<&=", 3 or exit 1;
my ($token) = <$marker> =~ /^([0-9a-f]+)-[0-9]+-e$/ or exit 1;
close $marker;

# What the shell has used until now: it waits, and will use no more.
my @shell = (0) x 4;
if (sysopen my $stat, "/proc/" . getppid() . "/stat", 0) {
    sysread $stat, my $line, 4096;
    @shell = map { $_ / 100 } ($line =~ /.*\) (.*)/s ? split(" ", $1) : ())[11 .. 14];
}

sub routine {
    my ($answer, $left, $chunk) = ("", $most);
    for my $file (@files) {
        sysopen my $handle, $file, 0 or next;
        my $content = "";
        $content .= $chunk while length $content < $left && sysread $handle, $chunk, 65536;
        # Half a line could be half a number.
        $content = substr $content, 0, rindex(substr($content, 0, $left), "\n") + 1 if length $content > $left;
        $left -= length $content;
        $answer .= "==> $file <==\n$content\n";
    }
    my @own = times;
    my @used = map { sprintf "%dm%.2fs", $_ / 60, $_ - 60 * int($_ / 60) } map { $own[$_] + $shell[$_] } 0 .. 3;
    return "$answer==> times <==\n$used[0] $used[1]\n$used[2] $used[3]\n";
}

sub answer {
    my ($number, $command) = @_;
    my $rest = "$token-$number-b\n" . ($command eq "hr_routine" ? routine() : "") . "$token-$number-e\n";
    while (length $rest) {
        my $written = syswrite STDOUT, $rest or exit 1;
        substr $rest, 0, $written, "";
    }
}

my ($input, $number, $command) = ("");
while (length $input < 65536 && sysread STDIN, $input, 65536, length $input) {
    while ($input =~ s/^(.*)\n//) {
        my $line = $1;
        if ($line =~ /^echo "\$_hostrounds-([0-9]+)-b"; \{ (.*)$/) {
            ($number, $command) = ($1, $2);
        } elsif (defined $number && $line eq "} </dev/null; echo \"\$_hostrounds-$number-e\"") {
            answer($number, $command);
            undef $number;
        } else {
            $command = "";
        }
    }
}
