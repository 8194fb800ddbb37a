"""When people are free, by what Microsoft says of their time and nothing else; finds times that suit them all."""
