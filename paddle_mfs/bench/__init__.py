"""What is measured for the docs; on the roof: nobody imports it but the command. Times are ratios taken in one run."""
