# One line a fuzz target: midspan_fuzz(NAME library…)
midspan_fuzz(certificate certs)
