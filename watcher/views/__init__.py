"""Views: values of store and configuration → the values that commands, JSON and pages show alike. Pure."""
