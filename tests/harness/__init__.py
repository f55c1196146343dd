"""What tests share: real servers on loopback, sample values, the whole application on a fake clock."""
