# Signs and verifies by Mail::DKIM. Reads jobs from standard input, one a line, words between tabs, texts in hexadecimal:
#   sign KEYFILE SELECTOR DOMAIN HEADER/BODY MAIL   answers   ok FIELD   or   no REASON
#   verify MAIL                                     answers   ok -       or   no REASON
# The first argument is a file of keys, a line «NAME RECORD» each.
use strict; use warnings;
use Mail::DKIM::Signer; use Mail::DKIM::Verifier; use Mail::DKIM::PublicKey; use Mail::DKIM::PrivateKey;
my %zone;
open(my $file, '<', shift) or die; while (<$file>) { chomp; my ($name, $text) = split / /, $_, 2; $zone{$name} = $text } close $file;
{ no warnings; *Mail::DKIM::PublicKey::fetch_async = sub {
  my ($class, %p) = @_;
  my $record = $zone{"$p{Selector}._domainkey.$p{Domain}"};
  my $key = defined $record ? $class->parse($record) : undef;
  return sub { $p{Callbacks}{Success}->($key) };
} }
$| = 1;
while (<STDIN>) {
  chomp; my ($verb, @w) = split /\t/;
  my $answer = eval {
    local $SIG{__WARN__} = sub {};
    my $mail = pack('H*', $w[-1]);
    if ($verb eq 'sign') {
      my $dkim = Mail::DKIM::Signer->new(Algorithm => 'rsa-sha256', Method => $w[3], Domain => $w[2], Selector => $w[1],
        Key => Mail::DKIM::PrivateKey->load(File => $w[0]));
      $dkim->PRINT($mail); $dkim->CLOSE;
      my $field = $dkim->signature->as_string; $field =~ s/\r?\n/\r\n/g;
      "ok\t" . unpack('H*', $field . "\r\n");
    } else {
      my $dkim = Mail::DKIM::Verifier->new; $dkim->PRINT($mail); $dkim->CLOSE;
      $dkim->result eq 'pass' ? "ok\t-" : "no\t" . $dkim->result_detail;
    }
  };
  my $why = $@; $why =~ s/\s+/ /g;
  print(defined $answer ? $answer : "no\tdied: $why"); print "\n";
}
